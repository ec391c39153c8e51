/* udp_server.c: the textbook's UDP server in C: answers each datagram in
 * upper case.
 *
 *     udp_server [PORT]        port 1700 unless given
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct sockaddr_in me = { .sin_family = AF_INET }, peer;
    char               buf[2048];
    int                fd = socket(AF_INET, SOCK_DGRAM, 0);

    me.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 1700));
    me.sin_addr.s_addr = htonl(INADDR_ANY);
    if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof me) < 0) {
        perror("bind");
        return 1;
    }
    for (;;) {
        socklen_t len = sizeof peer;
        ssize_t n = recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&peer,
                             &len);

        if (n < 0) {
            perror("recvfrom");
            return 1;
        }
        for (ssize_t i = 0; i < n; i++)
            buf[i] = (char)toupper((unsigned char)buf[i]);
        if (sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&peer, len) < 0)
            perror("sendto");
    }
}
