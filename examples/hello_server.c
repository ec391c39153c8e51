/* hello_server.c: greets whoever connects, and closes first.
 *
 *     hello_server [PORT]      port 4444 unless given
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in me = { .sin_family = AF_INET };
    int                fd = socket(AF_INET, SOCK_STREAM, 0);

    me.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 4444));
    me.sin_addr.s_addr = htonl(INADDR_ANY);
    if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof me) < 0
        || listen(fd, 5) < 0) {
        perror("hello_server");
        return 1;
    }
    for (;;) {
        int conn = accept(fd, NULL, NULL);

        if (conn < 0) {
            perror("accept");
            return 1;
        }
        if (write(conn, "hello", 5) != 5)
            perror("write");
        close(conn);
    }
}
