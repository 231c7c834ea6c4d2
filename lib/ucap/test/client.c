/* A program of somebody else, as small as it gets: asks for a city through an installed libucap.
 * test_install builds it. */
#include <stdio.h>
#include <ucap/ucap.h>
#include <ucap/v1/registry.pb-c.h>

int main(int argc, char **argv)
{
    Ucap__V1__GetCityRequest request = UCAP__V1__GET_CITY_REQUEST__INIT;
    struct ucap_error error = {0};
    ProtobufCMessage *reply;
    struct ucap *ucap;

    if (argc != 4)
        return 2;
    struct ucap_config config = {
        .gateways = (const char *const[]){argv[1], NULL},
        .gateway_key = argv[2],
        .key_file = argv[3],
        .timeout_ms = 100,
    };
    request.slug = (char *)"barcelona";
    if (ucap_open(&config, &ucap, &error) < 0) {
        printf("open %d: %s\n", error.code, error.text);
        return 1;
    }
    if (ucap_call(ucap, &ucap__v1__registry__descriptor, "GetCity", &request.base, NULL, &reply,
                  &error) < 0) {
        printf("call %d: %s\n", error.code, error.text);
    } else {
        printf("version %d\n", (int)((Ucap__V1__City *)reply)->version);
        ucap_reply_free(reply);
    }
    ucap_close(ucap);
    return 0;
}
