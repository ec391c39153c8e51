/* bulk.c: an ordinary program: `bulk serve PORT` or `bulk send HOST PORT
 * SECONDS`.  The sender prints the bytes and seconds until the receiver had
 * them all.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buf[1 << 17];

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct addrinfo *find(const char *host, const char *port)
{
    struct addrinfo  hints = { .ai_socktype = SOCK_STREAM,
                               .ai_family = AF_INET,
                               .ai_flags = host ? 0 : AI_PASSIVE };
    struct addrinfo *ai;
    int              e = getaddrinfo(host, port, &hints, &ai);

    if (e) {
        fprintf(stderr, "%s: %s\n", host ? host : port, gai_strerror(e));
        exit(1);
    }
    return ai;
}

static int serve(const char *port)
{
    struct addrinfo   *ai = find(NULL, port);
    int                s = socket(ai->ai_family, SOCK_STREAM, 0), c, on = 1;
    unsigned long long bytes = 0;
    ssize_t            n;

    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0
        || bind(s, ai->ai_addr, ai->ai_addrlen) < 0 || listen(s, 1) < 0)
        die("serve");
    freeaddrinfo(ai);
    c = accept(s, NULL, NULL);
    if (c < 0)
        die("accept");
    while ((n = read(c, buf, sizeof buf)) > 0)
        bytes += (unsigned long long)n;
    if (write(c, &bytes, sizeof bytes) != sizeof bytes)
        die("write");
    return 0;
}

static int send_for(const char *host, const char *port, double secs)
{
    struct addrinfo   *ai = find(host, port);
    int                s = socket(ai->ai_family, SOCK_STREAM, 0);
    unsigned long long bytes = 0, got = 0;
    double             begun;
    ssize_t            n;

    if (s < 0 || connect(s, ai->ai_addr, ai->ai_addrlen) < 0)
        die("connect");
    freeaddrinfo(ai);
    begun = now();
    while (now() < begun + secs) {
        n = write(s, buf, sizeof buf);
        if (n < 0)
            die("write");
        bytes += (unsigned long long)n;
    }
    shutdown(s, SHUT_WR);
    if (read(s, &got, sizeof got) != sizeof got || got != bytes) {
        fprintf(stderr, "sent %llu, received %llu\n", bytes, got);
        return 1;
    }
    printf("%llu %.6f\n", bytes, now() - begun);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (argc == 5 && strcmp(argv[1], "send") == 0)
        return send_for(argv[2], argv[3], atof(argv[4]));
    fprintf(stderr, "usage: bulk serve PORT | bulk send HOST PORT SECONDS\n");
    return 2;
}
