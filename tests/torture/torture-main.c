/* Every parser and every codec under torture: torture [CASE...]. */
#include "tests/torture/torture-cases.h"

int main(int argc, char **argv) {
    static const TortureCase *const tables[] = {
        torture_base, torture_model, torture_store, torture_fleetd, torture_fleetctl, NULL,
    };
    return torture_main(argc, argv, tables);
}
