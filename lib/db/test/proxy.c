/* A TCP proxy in a thread, for connections that end at a chosen moment. */
#include "fixture.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINKS_MAX 16

/* fds[0] is the client's, fds[1] the server's; 0: free. */
struct link {
    int fds[2];
    enum proxy_cut cut;
    bool silent;
};

struct proxy {
    pthread_t thread;
    pthread_mutex_t mutex;
    int listener, stop, port, server_port;
    struct link links[LINKS_MAX];
    char word[64];
};

static struct sockaddr_in local(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void close_link(struct link *link)
{
    close(link->fds[0]);
    close(link->fds[1]);
    *link = (struct link){0};
}

static void accept_link(struct proxy *proxy)
{
    struct sockaddr_in address = local(proxy->server_port);
    int client = accept(proxy->listener, NULL, NULL);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct link *link = proxy->links;

    while (link->fds[0] && link < proxy->links + LINKS_MAX - 1)
        link++;
    if (connect(server, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(server);
        close(client);
        return;
    }
    *link = (struct link){{client, server}, PROXY_PASS, false};
}

/* True when the word is in what has come from this side and ends the passing. */
static bool is_cut(const struct proxy *proxy, const struct link *link, int side, const char *data,
                   size_t size)
{
    bool from_server = link->cut == PROXY_CUT_ANSWERED;

    return link->cut != PROXY_PASS && side == (int)from_server &&
           memmem(data, size, proxy->word, strlen(proxy->word)) != NULL;
}

static void pass(struct proxy *proxy, struct link *link, int side)
{
    char data[65536];
    ssize_t size = recv(link->fds[side], data, sizeof(data), 0);
    bool cut = size > 0 && is_cut(proxy, link, side, data, (size_t)size);

    if (cut && link->cut == PROXY_SILENCE) {
        link->silent = true;
        return;
    }
    if (size > 0 && (!cut || link->cut == PROXY_CUT_PASSED) &&
        send(link->fds[!side], data, (size_t)size, MSG_NOSIGNAL) != size)
        size = -1;
    if (size <= 0 || cut)
        close_link(link);
}

static void pass_all(struct proxy *proxy, const struct pollfd *at)
{
    for (int i = 0; i < LINKS_MAX; i++)
        for (int side = 0; side < 2; side++)
            if (proxy->links[i].fds[side] && at[i * 2 + side].revents &&
                at[i * 2 + side].fd == proxy->links[i].fds[side])
                pass(proxy, &proxy->links[i], side);
}

static void *run(void *arg)
{
    struct proxy *proxy = arg;
    struct pollfd at[LINKS_MAX * 2 + 2];

    for (;;) {
        pthread_mutex_lock(&proxy->mutex);
        for (int i = 0; i < LINKS_MAX * 2; i++) {
            const struct link *link = &proxy->links[i / 2];
            int fd = link->fds[i % 2];
            at[i] = (struct pollfd){fd && !link->silent ? fd : -1, POLLIN, 0};
        }
        pthread_mutex_unlock(&proxy->mutex);
        at[LINKS_MAX * 2] = (struct pollfd){proxy->listener, POLLIN, 0};
        at[LINKS_MAX * 2 + 1] = (struct pollfd){proxy->stop, POLLIN, 0};
        poll(at, LINKS_MAX * 2 + 2, -1);
        if (at[LINKS_MAX * 2 + 1].revents)
            return NULL;
        pthread_mutex_lock(&proxy->mutex);
        pass_all(proxy, at);
        if (at[LINKS_MAX * 2].revents)
            accept_link(proxy);
        pthread_mutex_unlock(&proxy->mutex);
    }
}

struct proxy *proxy_start(int server_port)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    struct sockaddr_in address = local(0);
    socklen_t size = sizeof(address);

    proxy->server_port = server_port;
    proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
    proxy->stop = eventfd(0, 0);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(proxy->listener, LINKS_MAX), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&address, &size), 0);
    proxy->port = ntohs(address.sin_port);
    pthread_mutex_init(&proxy->mutex, NULL);
    assert_int_equal(pthread_create(&proxy->thread, NULL, run, proxy), 0);
    return proxy;
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

void proxy_cut(struct proxy *proxy, enum proxy_cut cut, const char *word)
{
    pthread_mutex_lock(&proxy->mutex);
    strcpy(proxy->word, word);
    for (int i = 0; i < LINKS_MAX; i++)
        proxy->links[i].cut = cut;
    pthread_mutex_unlock(&proxy->mutex);
}

void proxy_stop(struct proxy *proxy)
{
    eventfd_write(proxy->stop, 1);
    pthread_join(proxy->thread, NULL);
    for (int i = 0; i < LINKS_MAX; i++)
        if (proxy->links[i].fds[0])
            close_link(&proxy->links[i]);
    close(proxy->listener);
    close(proxy->stop);
    pthread_mutex_destroy(&proxy->mutex);
    free(proxy);
}
