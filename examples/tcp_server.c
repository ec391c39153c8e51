/* tcp_server.c: the textbook's TCP server in C: upper-cases what it reads
 * until the client closes.
 *
 *     tcp_server [PORT]        port 9527 unless given
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);

        if (w < 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static void serve(int fd)
{
    char    buf[1024];
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            buf[i] = (char)toupper((unsigned char)buf[i]);
        if (write_all(fd, buf, (size_t)n) < 0) {
            perror("write");
            break;
        }
    }
    if (n == 0)
        printf("the link is disconnected\n");
    else if (n < 0)
        perror("read");
    fflush(stdout);
    close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in me = { .sin_family = AF_INET }, peer;
    int                fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        die("socket");
    me.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 9527));
    me.sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(fd, (struct sockaddr *)&me, sizeof me) < 0)
        die("bind");
    if (listen(fd, 128) < 0)
        die("listen");
    for (;;) {
        socklen_t len = sizeof peer;
        char      text[INET_ADDRSTRLEN];
        int       conn = accept(fd, (struct sockaddr *)&peer, &len);

        if (conn < 0)
            die("accept");
        inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
        printf("client %s port %d\n", text, ntohs(peer.sin_port));
        fflush(stdout);
        serve(conn);
    }
}
