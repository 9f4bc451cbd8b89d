/* A message bus with a fake systemd at its other end, for a fleetd in a process of its own:
 * bus-peer SOCKET. */
#include "tests/fakes/fake-bus.h"

#include <errno.h>
#include <error.h>

int main(int argc, char **argv) {
    FakeBus *bus;
    sd_event *event;
    if (argc != 2)
        error(2, 0, "usage: bus-peer SOCKET");
    int r = sd_event_default(&event);
    if (r >= 0)
        r = fake_bus_new(event, argv[1], &bus);
    if (r >= 0)
        r = sd_event_loop(event); /* until it is killed */
    error(2, -r, "%s", argv[1]);
    return 2;
}
