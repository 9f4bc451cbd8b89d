#include "fleetd/machine-info.h"

#include "config.h"
#include "fleetd/base/strv.h"
#include "fleetd/boot-id.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#define RUN_DIRECTORY "/run/fleet"

static int machine_id_get(char **ret) {
    char text[SD_ID128_STRING_MAX];
    sd_id128_t id;
    int r = sd_id128_get_machine(&id);
    if (r < 0)
        return r;
    *ret = strdup(sd_id128_to_string(id, text));
    return *ret ? 0 : -ENOMEM;
}

static char *address_format(const struct sockaddr *address, socklen_t size) {
    char text[NI_MAXHOST];
    if (getnameinfo(address, size, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
        return NULL;
    return strdup(text);
}

/* The source address that the kernel would choose for the world outside. Connecting a datagram
 * socket looks the route up and sends nothing; the address is one of those reserved for
 * documentation (RFC 5737). */
static char *address_from_route(void) {
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons(9)}, near;
    socklen_t size = sizeof(near);
    inet_pton(AF_INET, "192.0.2.1", &far.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    bool is_found = connect(fd, (struct sockaddr *) &far, sizeof(far)) == 0 &&
                    getsockname(fd, (struct sockaddr *) &near, &size) == 0;
    close(fd);
    return is_found ? address_format((struct sockaddr *) &near, size) : NULL;
}

/* Without a default route: the first interface that is up and not the loopback. */
static char *address_from_interfaces(void) {
    struct ifaddrs *addresses;
    char *found = NULL;
    if (getifaddrs(&addresses) < 0)
        return NULL;
    for (struct ifaddrs *a = addresses; a && !found; a = a->ifa_next) {
        bool is_usable = a->ifa_addr && a->ifa_addr->sa_family == AF_INET &&
                         (a->ifa_flags & IFF_UP) && !(a->ifa_flags & IFF_LOOPBACK);
        if (is_usable)
            found = address_format(a->ifa_addr, sizeof(struct sockaddr_in));
    }
    freeifaddrs(addresses);
    return found;
}

static char *address_guess(void) {
    char *address = address_from_route();
    return address ? address : address_from_interfaces();
}

static int machine_info_fill(const Config *config, Machine *machine, Error *reterr) {
    int r = machine_id_get(&machine->id);
    if (r < 0)
        return error_set(reterr, r,
                         "cannot read this machine's id from /etc/machine-id: %s "
                         "(systemd-machine-id-setup makes one)",
                         strerror(-r));
    r = boot_id_load(RUN_DIRECTORY, &machine->boot_id, reterr);
    if (r < 0)
        return r;
    machine->address = config->public_ip ? strdup(config->public_ip) : address_guess();
    machine->version = strdup(PACKAGE_VERSION);
    machine->status = MACHINE_STATUS_RUNNING;
    machine->cores = (uint64_t) MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
    machine->memory_bytes = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);
    if (!machine->version)
        return -ENOMEM;
    return metadata_copy(&config->metadata, &machine->metadata);
}

int machine_info_load(const Config *config, Machine **ret, Error *reterr) {
    _cleanup_(machine_freep) Machine *machine = calloc(1, sizeof(Machine));
    if (!machine)
        return -ENOMEM;
    int r = machine_info_fill(config, machine, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(machine);
    return 0;
}
