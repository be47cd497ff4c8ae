/* The fictional shop Quillhaven: products, plans and the names of its customers.
 * All invented; prices in cents. */
#include "support.h"

const struct product products[] = {
    {"Quill Hub", "hub", 12900, false},
    {"Heron Camera", "camera", 8950, false},
    {"Heron Outdoor Camera", "outdoor cam", 13475, false},
    {"Lark Doorbell", "doorbell", 15900, false},
    {"Wren Motion Sensor", "motion sensor", 2995, false},
    {"Finch Thermostat", "thermostat", 17450, false},
    {"Swift Smart Plug", "smart plug", 1880, false},
    {"Robin Smoke Alarm", "smoke alarm", 4625, false},
    {"Kestrel Siren", "siren", 5990, false},
    {"Perch Wall Mount", "wall mount", 1450, false},
    {"Moss Plant Sensor", "plant sensor", 2240, false},
    {"Brook Leak Detector", "leak detector", 3315, false},
    {"Dove Light Strip", "light strip", 3680, false},
    {"Thrush Speaker", "speaker", 7725, false},
    {"Jay Keypad", "keypad", 4910, false},
    {"Stork Parcel Box", "parcel box", 21900, true},
    {"Crane Gate Opener", "gate opener", 34850, true},
    {"Puffin Irrigation Kit", "irrigation kit", 26495, true},
    {"Tern Window Contact", "window contact", 1665, false},
    {"Martin Door Lock", "door lock", 19990, false},
    {"Plover Solar Panel", "solar panel", 6240, true},
    {"Linnet Night Light", "night light", 1295, false},
    {"Snipe Range Extender", "range extender", 4380, false},
    {"Curlew Air Monitor", "air monitor", 11860, false},
};
const int product_count = sizeof products / sizeof *products;

/* Monthly and yearly fee in cents, cameras, members, days of recordings. */
const struct plan plans[] = {
    {"Seed", 0, 1, 1, 1, 0},
    {"Nest", 690, 3, 2, 7, 6900},
    {"Roost", 1250, 6, 5, 30, 12500},
    {"Canopy", 1990, 12, 8, 60, 19900},
    {"Colony", 3900, 40, 25, 180, 39000},
};
const int plan_count = sizeof plans / sizeof *plans;

const char *const first_names[] = {
    "Amara",  "Bram",   "Chiara", "Dmitri",  "Elif",    "Fergus",  "Greta",   "Hamza",
    "Ingrid", "Jonas",  "Keiko",  "Leandro", "Maud",    "Nadia",   "Oskar",   "Priya",
    "Quinn",  "Rosa",   "Stefan", "Tamsin",  "Ulrich",  "Violeta", "Wanda",   "Xavier",
    "Yusuf",  "Zofia",  "Aoife",  "Bastien", "Carmen",  "Deepak",  "Esther",  "Farid",
    "Gwen",   "Henrik", "Ileana", "Jamal",   "Kerstin", "Luca",    "Marisol", "Noor",
    "Odile",  "Pavel",  "Ruth",   "Sanjay",  "Thora",   NULL,
};
const char *const last_names[] = {
    "Abara",  "Brandt",   "Castellan", "Duarte",     "Ekholm",   "Fontaine",    "Gallagher",
    "Haddad", "Ibsen",    "Jurado",    "Kowalczyk",  "Lindgren", "Moreau",      "Nakagawa",
    "Okafor", "Petrov",   "Quintana",  "Rossi",      "Schaefer", "Tanaka",      "Umarov",
    "Varga",  "Whitlock", "Yilmaz",    "Zeller",     "Adeyemi",  "Bellweather", "Cho",
    "Dahl",   "Esposito", "Farrow",    "Greenhalgh", NULL,
};
const char *const cities[] = {
    "Maplewick", "Norrhaven", "Port Ellery", "Saint Corin", "Dunmere",    "Alderbrook",
    "Wexcombe",  "Tarnfeld",  "Lowmoor",     "Brightwater", "Old Harrow", "Kingsferry",
    "Veldhout",  "Rio Claro", "Montfaucon",  "Grauberg",    NULL,
};
const char *const streets[] = {
    "Juniper Lane", "Station Road", "Birch Street",     "Mill Close",  "Harbour Walk",
    "Elm Avenue",   "Chapel Hill",  "Foundry Row",      "Orchard Way", "Tannery Street",
    "Quay Street",  "Linden Allee", "Rue des Tilleuls", "Calle Mayor", NULL,
};

const struct product *any_product(struct gen *g)
{
    return &products[rnd_int(&g->r, 0, product_count - 1)];
}

void some_products(struct gen *g, const struct product **out, int n)
{
    int order[64];
    for (int i = 0; i < product_count; i++)
        order[i] = i;
    rnd_shuffle_int(&g->r, order, product_count);
    for (int i = 0; i < n; i++)
        out[i] = &products[order[i]];
}
