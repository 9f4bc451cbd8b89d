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

/* Families in the order in which they are tried. far: reserved for documentation (RFC 5737, RFC
 * 3849), so that the default route is what counts. */
static const struct {
    int family;
    socklen_t size;
    const char *far;
} families[] = {
    {AF_INET, sizeof(struct sockaddr_in), "192.0.2.1"},
    {AF_INET6, sizeof(struct sockaddr_in6), "2001:db8::1"},
};

/* The source address that the kernel would choose for the world outside. Connecting a datagram
 * socket looks the route up and sends nothing. */
static char *address_from_route(size_t i) {
    struct addrinfo hints = {.ai_family = families[i].family,
                             .ai_socktype = SOCK_DGRAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
                    *far;
    struct sockaddr_storage near;
    socklen_t size = sizeof(near);
    if (getaddrinfo(families[i].far, "9", &hints, &far) != 0)
        return NULL;
    int fd = socket(families[i].family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_found = fd >= 0 && connect(fd, far->ai_addr, far->ai_addrlen) == 0 &&
                    getsockname(fd, (struct sockaddr *) &near, &size) == 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(far);
    return is_found ? address_format((struct sockaddr *) &near, size) : NULL;
}

/* A link-local address says nothing to another machine. */
static bool address_is_usable(const struct ifaddrs *a, int family) {
    if (!a->ifa_addr || a->ifa_addr->sa_family != family || !(a->ifa_flags & IFF_UP) ||
        (a->ifa_flags & IFF_LOOPBACK))
        return false;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) a->ifa_addr;
    return family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
}

/* Without a default route: the first interface that is up and not the loopback. */
static char *address_from_interfaces(size_t i) {
    struct ifaddrs *addresses;
    char *found = NULL;
    if (getifaddrs(&addresses) < 0)
        return NULL;
    for (struct ifaddrs *a = addresses; a && !found; a = a->ifa_next)
        if (address_is_usable(a, families[i].family))
            found = address_format(a->ifa_addr, families[i].size);
    freeifaddrs(addresses);
    return found;
}

static char *address_guess(void) {
    char *address = NULL;
    for (size_t i = 0; !address && i < ELEMENTSOF(families); i++)
        address = address_from_route(i);
    for (size_t i = 0; !address && i < ELEMENTSOF(families); i++)
        address = address_from_interfaces(i);
    return address;
}

char *machine_address(const Config *config) {
    return config->public_ip ? strdup(config->public_ip) : address_guess();
}

/* Whether it has changed. */
static bool machine_take_resources(Machine *machine, const Config *config) {
    bool is_changed = machine->reserved_memory_bytes != config->reserve_memory_bytes ||
                      machine->reserved_cpu_thousandths != config->reserve_cpu_thousandths ||
                      machine->overbook_percent != config->overbook_percent;
    machine->reserved_memory_bytes = config->reserve_memory_bytes;
    machine->reserved_cpu_thousandths = config->reserve_cpu_thousandths;
    machine->overbook_percent = config->overbook_percent;
    return is_changed;
}

int machine_info_update(Machine *machine, const Config *config) {
    _cleanup_free_ char *address = machine_address(config);
    Metadata metadata;
    int r = metadata_copy(&config->metadata, &metadata);
    if (r < 0)
        return r;
    /* Without a network nothing can be guessed, and what was known is the better guess. */
    bool is_moved = address && !streq_ptr(address, machine->address);
    bool is_changed = machine_take_resources(machine, config) || is_moved ||
                      !metadata_equal(&metadata, &machine->metadata);
    if (is_moved) {
        free(machine->address);
        machine->address = TAKE_PTR(address);
    }
    metadata_done(&machine->metadata);
    machine->metadata = metadata;
    return is_changed;
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
    machine->version = strdup(PACKAGE_VERSION);
    machine->status = MACHINE_STATUS_RUNNING;
    machine->cores = (uint64_t) MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
    machine->memory_bytes = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);
    if (!machine->version)
        return -ENOMEM;
    r = machine_info_update(machine, config);
    return r < 0 ? r : 0;
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
