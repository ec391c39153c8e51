/* udp_client.c: the textbook's UDP client in C: sends one line, prints the
 * answer.
 *
 *     udp_client HOST [PORT [TEXT]]
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    const char     *text = argc > 3 ? argv[3] : "hello udp";
    struct addrinfo want = { .ai_socktype = SOCK_DGRAM,
                             .ai_family = AF_INET }, /* as the server's */
        *to;
    char    buf[2048];
    ssize_t n;
    int     fd, r;

    if (argc < 2) {
        fprintf(stderr, "usage: udp_client HOST [PORT [TEXT]]\n");
        return 2;
    }
    r = getaddrinfo(argv[1], argc > 2 ? argv[2] : "1700", &want, &to);
    if (r != 0) {
        fprintf(stderr, "%s: %s\n", argv[1], gai_strerror(r));
        return 1;
    }
    fd = socket(to->ai_family, to->ai_socktype, 0);
    if (fd < 0
        || sendto(fd, text, strlen(text), 0, to->ai_addr, to->ai_addrlen)
            < 0) {
        perror("sendto");
        return 1;
    }
    n = recvfrom(fd, buf, sizeof buf, 0, NULL, NULL);
    if (n < 0) {
        perror("recvfrom");
        return 1;
    }
    printf("%.*s\n", (int)n, buf);
    freeaddrinfo(to);
    return 0;
}
