/* Looks a method up in the table of the contract. */
#include "method.h"

#include "command.h"
#include "contract.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 256
#define NAMES_MAX      256

static const ProtobufCServiceDescriptor *find_service(const char *name)
{
    for (size_t i = 0; contract_services[i]; i++)
        if (strcmp(contract_services[i]->name, name) == 0 ||
            strcmp(contract_services[i]->short_name, name) == 0)
            return contract_services[i];
    return NULL;
}

static int unknown_service(const char *name, struct err *err)
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (size_t i = 0; contract_services[i] && count + 2 < NAMES_MAX; i++) {
        names[count++] = contract_services[i]->short_name;
        names[count++] = contract_services[i]->name;
    }
    names[count] = NULL;
    const char *guess = nearest_word(name, names);
    if (guess)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "unknown service \"%.100s\" (did you mean "
                       "\"%s\"?)",
                       name, guess);
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "unknown service \"%.100s\": `ucap call` lists all methods", name);
}

/* A method that is in another service is as likely a slip as a misspelt one. */
static const ProtobufCServiceDescriptor *service_with(const char *method)
{
    for (size_t i = 0; contract_services[i]; i++)
        if (protobuf_c_service_descriptor_get_method_by_name(contract_services[i], method))
            return contract_services[i];
    return NULL;
}

static int unknown_method(const ProtobufCServiceDescriptor *service, const char *name,
                          struct err *err)
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (; count < service->n_methods && count + 1 < NAMES_MAX; count++)
        names[count] = service->methods[count].name;
    names[count] = NULL;
    const ProtobufCServiceDescriptor *other = service_with(name);
    const char *guess = other ? name : nearest_word(name, names);
    if (guess)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "%s has no method \"%.100s\" (did you mean \"%s/%s\"?)", service->short_name,
                       name, (other ? other : service)->short_name, guess);
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "%s has no method \"%.100s\": `ucap call` lists all methods",
                   service->short_name, name);
}

/* Only a method: the services that have it, or one like it. */
static int no_service(const char *name, struct err *err)
{
    const ProtobufCServiceDescriptor *service = service_with(name);

    if (service)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "\"%.100s\" names no service (did you mean \"%s/%s\"?)", name,
                       service->short_name, name);
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "\"%.100s\" is not SERVICE/METHOD, such as Registry/GetCity: `ucap call` lists "
                   "all methods",
                   name);
}

int method_find(const char *target, struct method *ret_method, struct err *err)
{
    char name[NAME_MAX_BYTES];
    const char *slash = strrchr(target, '/');
    struct method found = {0};

    if (!slash)
        return no_service(target, err);
    if (snprintf(name, sizeof(name), "%.*s", (int)(slash - target), target) >= (int)sizeof(name))
        return err_set(err, ERR_INVALID_ARGUMENT, "the name of the service is too long");
    char *at = strchr(name, '@');
    if (at)
        *at = '\0';
    found.service = find_service(name);
    if (!found.service)
        return unknown_service(name, err);
    found.method = protobuf_c_service_descriptor_get_method_by_name(found.service, slash + 1);
    if (!found.method)
        return unknown_method(found.service, slash + 1, err);
    if (at && (!at[1] || snprintf(found.worker, sizeof(found.worker), "%s@%s", found.service->name,
                                  at + 1) >= (int)sizeof(found.worker)))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "\"%.100s\" names no instance behind the @: `ucap service list` shows them",
                       target);
    *ret_method = found;
    return 0;
}
