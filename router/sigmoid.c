/* The sigmoid, the same bits on every machine: a table of 1 / (1 + exp(-i / 16)) and a cubic
 * between its entries (Hermite's, with the exact slopes y * (1 - y)); only +, - and * in a fixed
 * order. Within 1e-8 of the true value; 16 and more are taken as 16 (1 - 1.1e-7). FORMAT.md,
 * section 5. */
#include <math.h>

#include "router/internal.h"

/* clang-format off */
const double shunt_sigmoid_table[257] = {
    0x1.0000000000000p-1, 0x1.07ff556664ac7p-1, 0x1.0ffaaccbf0187p-1, 0x1.17ee10247fb09p-1,
    0x1.1fd5992bc4b83p-1, 0x1.27ad78f621185p-1, 0x1.2f71ff2077eefp-1, 0x1.371fa082d4f92p-1,
    0x1.3eb2fd4d34391p-1, 0x1.4628e679ad211p-1, 0x1.4d7e6283a9943p-1, 0x1.54b0b15876182p-1,
    0x1.5bbd4f7a323ecp-1, 0x1.62a1f852ccf0ep-1, 0x1.695ca7b92200ep-1, 0x1.6feb9aae5c937p-1,
    0x1.764d4f5d5a2bdp-1, 0x1.7c808468d91d7p-1, 0x1.82843797b6a5bp-1, 0x1.8857a3f05fb08p-1,
    0x1.8dfa3f55dc7cbp-1, 0x1.936bb7b9919e4p-1, 0x1.98abeff4fb8aep-1, 0x1.9dbafc5e5ba17p-1,
    0x1.a2991f2a97914p-1, 0x1.a746c4ad8086ep-1, 0x1.abc47f88694ccp-1, 0x1.b01304d573e11p-1,
    0x1.b433285c6100bp-1, 0x1.b825d8dbfe5c1p-1, 0x1.bbec1c71a02bep-1, 0x1.bf870d266c237p-1,
    0x1.c2f7d5a8a79cap-1, 0x1.c63fae35c07b5p-1, 0x1.c95fd9b86cdb9p-1, 0x1.cc59a31d048c9p-1,
    0x1.cf2e5add226b5p-1, 0x1.d1df54c2ab5cbp-1, 0x1.d46de5e18c4bdp-1, 0x1.d6db62c6d6ac0p-1,
    0x1.d9291ddb596f7p-1, 0x1.db5865f768915p-1, 0x1.dd6a8525345e1p-1, 0x1.df60bf8ed890fp-1,
    0x1.e13c52952723cp-1, 0x1.e2fe740c2057cp-1, 0x1.e4a8519a06460p-1, 0x1.e63b103603814p-1,
    0x1.e7b7cbc36fabcp-1, 0x1.e91f96c6d823ep-1, 0x1.ea737a3214358p-1, 0x1.ebb47544d1e21p-1,
    0x1.ece37d7f30e3cp-1, 0x1.ee017ea42bda4p-1, 0x1.ef0f5ac9ba8c8p-1, 0x1.f00dea74c30d4p-1,
    0x1.f0fdfcbf19a93p-1, 0x1.f1e05785f852dp-1, 0x1.f2b5b79f7d5fep-1, 0x1.f37ed115e693dp-1,
    0x1.f43c4f67606edp-1, 0x1.f4eed5c962716p-1, 0x1.f596ff6eaf64ap-1, 0x1.f6355fcf2cc3ap-1,
    0x1.f6ca82f0de1eap-1, 0x1.f756edb168d2cp-1, 0x1.f7db1e0f99cccp-1, 0x1.f8578b747a5bbp-1,
    0x1.f8cca6fb927e4p-1, 0x1.f93adbba06a98p-1, 0x1.f9a28f044cf10p-1, 0x1.fa0420b241d4fp-1,
    0x1.fa5feb616fe8fp-1, 0x1.fab644b56728fp-1, 0x1.fb077d9609424p-1, 0x1.fb53e26bb7751p-1,
    0x1.fb9bbb595516ep-1, 0x1.fbdf4c7417447p-1, 0x1.fc1ed5f91f0bbp-1, 0x1.fc5a9480df5f4p-1,
    0x1.fc92c130538e1p-1, 0x1.fcc791e80dd3cp-1, 0x1.fcf9397127f36p-1, 0x1.fd27e7a821be3p-1,
    0x1.fd53c9a5baf5fp-1, 0x1.fd7d09e5d7332p-1, 0x1.fda3d06c7b692p-1, 0x1.fdc842e8f54f3p-1,
    0x1.fdea84d73d71fp-1, 0x1.fe0ab79fa4f6fp-1, 0x1.fe28fab4e03eep-1, 0x1.fe456bb07f91fp-1,
    0x1.fe60266de6e26p-1, 0x1.fe794523d57ccp-1, 0x1.fe90e07c8e32cp-1, 0x1.fea70facb032ap-1,
    0x1.febbe888d0580p-1, 0x1.fecf7f99e24e9p-1, 0x1.fee1e83080690p-1, 0x1.fef33477208c7p-1,
    0x1.ff03758344109p-1, 0x1.ff12bb65afec8p-1, 0x1.ff211539ba03fp-1, 0x1.ff2e9133b7e08p-1,
    0x1.ff3b3cae9a9d0p-1, 0x1.ff472438c3459p-1, 0x1.ff5253a01a6bbp-1, 0x1.ff5cd5fd75308p-1,
    0x1.ff66b5bf51894p-1, 0x1.ff6ffcb3f30a8p-1, 0x1.ff78b412e912dp-1, 0x1.ff80e48606ba9p-1,
    0x1.ff889631d483cp-1, 0x1.ff8fd0bd835b0p-1, 0x1.ff969b5a6816dp-1, 0x1.ff9cfccb0640bp-1,
    0x1.ffa2fb69b099dp-1, 0x1.ffa89d2ec5717p-1, 0x1.ffade7b68c922p-1, 0x1.ffb2e046bc38bp-1,
    0x1.ffb78bd3aa3b9p-1, 0x1.ffbbef052e412p-1, 0x1.ffc00e3b399d7p-1, 0x1.ffc3ed92292f2p-1,
    0x1.ffc790e6d5531p-1, 0x1.ffcafbda63ce0p-1, 0x1.ffce31d5df4fap-1, 0x1.ffd1360d9800cp-1,
    0x1.ffd40b84505a1p-1, 0x1.ffd6b50e39510p-1, 0x1.ffd93553c0bd2p-1, 0x1.ffdb8ed434ab8p-1,
    0x1.ffddc3e83e2efp-1, 0x1.ffdfd6c436158p-1, 0x1.ffe1c97a55c6bp-1, 0x1.ffe39dfcc66dep-1,
    0x1.ffe5561f90733p-1, 0x1.ffe6f39a6d260p-1, 0x1.ffe8780a7c627p-1, 0x1.ffe9e4f3dfdd7p-1,
    0x1.ffeb3bc33dac0p-1, 0x1.ffec7dcf2b805p-1, 0x1.ffedac5984031p-1, 0x1.ffeec890a7985p-1,
    0x1.ffefd390a9cc2p-1, 0x1.fff0ce646c90ap-1, 0x1.fff1ba06aa64dp-1, 0x1.fff29762f06b2p-1,
    0x1.fff367568966ep-1, 0x1.fff42ab15a8a0p-1, 0x1.fff4e236b2ec2p-1, 0x1.fff58e9e0e79dp-1,
    0x1.fff63093cd1d2p-1, 0x1.fff6c8b9ded47p-1, 0x1.fff757a86562bp-1, 0x1.fff7ddee4c3a1p-1,
    0x1.fff85c11d7373p-1, 0x1.fff8d29128bb3p-1, 0x1.fff941e2bfa9fp-1, 0x1.fff9aa75edc97p-1,
    0x1.fffa0cb346f89p-1, 0x1.fffa68fd09ab6p-1, 0x1.fffabfaf8115bp-1, 0x1.fffb112161648p-1,
    0x1.fffb5da41e63dp-1, 0x1.fffba5843ce52p-1, 0x1.fffbe9099f3a2p-1, 0x1.fffc2877cd0d3p-1,
    0x1.fffc640e36e1ap-1, 0x1.fffc9c08757dap-1, 0x1.fffcd09e857d7p-1, 0x1.fffd0204ff4b9p-1,
    0x1.fffd306d4bb55p-1, 0x1.fffd5c05d550bp-1, 0x1.fffd84fa36e46p-1, 0x1.fffdab736700bp-1,
    0x1.fffdcf97e0f49p-1, 0x1.fffdf18bcb479p-1, 0x1.fffe11711be00p-1, 0x1.fffe2f67b9f7cp-1,
    0x1.fffe4b8d9e03ap-1, 0x1.fffe65feefab7p-1, 0x1.fffe7ed621f18p-1, 0x1.fffe962c0da65p-1,
    0x1.fffeac180a413p-1, 0x1.fffec0b005380p-1, 0x1.fffed40897edap-1, 0x1.fffee6351c4b2p-1,
    0x1.fffef747c01a9p-1, 0x1.ffff075197354p-1, 0x1.ffff1662ac984p-1, 0x1.ffff248a126fcp-1,
    0x1.ffff31d5f129ep-1, 0x1.ffff3e53959fep-1, 0x1.ffff4a0f7e636p-1, 0x1.ffff5515683dbp-1,
    0x1.ffff5f7059ed0p-1, 0x1.ffff692aaf2bcp-1, 0x1.ffff724e230d0p-1, 0x1.ffff7ae3d9b7fp-1,
    0x1.ffff82f4698c9p-1, 0x1.ffff8a87e3ba8p-1, 0x1.ffff91a5dc52dp-1, 0x1.ffff985571dc6p-1,
    0x1.ffff9e9d54732p-1, 0x1.ffffa483cc782p-1, 0x1.ffffaa0ec0dacp-1, 0x1.ffffaf43bcfffp-1,
    0x1.ffffb427f64dcp-1, 0x1.ffffb8c051618p-1, 0x1.ffffbd1166f43p-1, 0x1.ffffc11f88741p-1,
    0x1.ffffc4eec4561p-1, 0x1.ffffc882ea249p-1, 0x1.ffffcbdf8e4f7p-1, 0x1.ffffcf080dc05p-1,
    0x1.ffffd1ff91384p-1, 0x1.ffffd4c910785p-1, 0x1.ffffd7675539dp-1, 0x1.ffffd9dcfdf80p-1,
    0x1.ffffdc2c808f1p-1, 0x1.ffffde582cb1cp-1, 0x1.ffffe0622e39cp-1, 0x1.ffffe24c8f534p-1,
    0x1.ffffe4193a879p-1, 0x1.ffffe5c9fca7ap-1, 0x1.ffffe76086993p-1, 0x1.ffffe8de6f079p-1,
    0x1.ffffea4533fa8p-1, 0x1.ffffeb963c54ap-1, 0x1.ffffecd2d939fp-1, 0x1.ffffedfc47619p-1,
    0x1.ffffef13b0521p-1, 0x1.fffff01a2b8b8p-1, 0x1.fffff110bf9ecp-1, 0x1.fffff1f863345p-1,
    0x1.fffff2d1fe02ep-1, 0x1.fffff39e69b74p-1, 0x1.fffff45e72ce1p-1, 0x1.fffff512d9606p-1,
    0x1.fffff5bc51e3ap-1, 0x1.fffff65b85de5p-1, 0x1.fffff6f11491cp-1, 0x1.fffff77d9398fp-1,
    0x1.fffff8018f7eap-1, 0x1.fffff87d8c499p-1, 0x1.fffff8f20600fp-1, 0x1.fffff95f71282p-1,
    0x1.fffff9c63b334p-1, 0x1.fffffa26caf50p-1, 0x1.fffffa8181052p-1, 0x1.fffffad6b8214p-1,
    0x1.fffffb26c5878p-1, 0x1.fffffb71f94c0p-1, 0x1.fffffbb89ea8cp-1, 0x1.fffffbfafc48fp-1,
    0x1.fffffc39548fcp-1,
};
/* clang-format on */

/* Without branches: the signs of logits cannot be foreseen. */
static inline double sigmoid(double z)
{
    double u = fabs(z);
    u = u < 16.0 ? u * 16.0 : 256.0;
    int i = (int)u;
    i = i < 255 ? i : 255;
    double r = u - i;
    double y0 = shunt_sigmoid_table[i];
    double y1 = shunt_sigmoid_table[i + 1];
    double d0 = y0 * (1.0 - y0) / 16.0;
    double d1 = y1 * (1.0 - y1) / 16.0;
    double c2 = 3.0 * (y1 - y0) - 2.0 * d0 - d1;
    double c3 = d0 + d1 - 2.0 * (y1 - y0);
    double p = y0 + r * (d0 + r * (c2 + r * c3));
    const double either[2] = {p, 1.0 - p};
    return either[z < 0];
}

double shunt_sigmoid(double z)
{
    return sigmoid(z);
}

void shunt_sigmoids(double *z, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        z[i] = sigmoid(z[i]);
}
