/* tcp_client.c: the textbook's TCP client in C: sends "hello\n" several
 * times on one connection and prints each answer.
 *
 *     tcp_client HOST [PORT [TIMES [SECONDS]]]     9527, 9 times, 1 s apart
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A name may have several addresses: the first one that answers. */
static int open_to(const char *host, const char *port)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list, *a;
    int             r = getaddrinfo(host, port, &want, &list), fd = -1;

    if (r != 0) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(r));
        exit(1);
    }
    for (a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            if (!a->ai_next)
                perror("connect");
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0)
        exit(1);
    return fd;
}

int main(int argc, char **argv)
{
    static const char hello[] = "hello\n";
    int               times = argc > 3 ? atoi(argv[3]) : 9;
    unsigned          pause = argc > 4 ? (unsigned)atoi(argv[4]) : 1;
    char              buf[1024];
    int               fd;

    if (argc < 2) {
        fprintf(stderr, "usage: tcp_client HOST [PORT [TIMES [SECONDS]]]\n");
        return 2;
    }
    fd = open_to(argv[1], argc > 2 ? argv[2] : "9527");
    for (int i = 0; i < times; i++) {
        ssize_t n;

        if (i > 0)
            sleep(pause);
        if (write(fd, hello, strlen(hello)) < 0) {
            perror("write");
            return 1;
        }
        n = read(fd, buf, sizeof buf);
        if (n <= 0) {
            fprintf(stderr, "the server has closed\n");
            return 1;
        }
        fwrite(buf, 1, (size_t)n, stdout);
        fflush(stdout);
    }
    close(fd);
    return 0;
}
