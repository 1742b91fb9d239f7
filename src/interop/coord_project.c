/* The transverse Mercator and polar stereographic grids UTM and UPS on WGS84, both ways (11.3).
 * The series is Krüger's in the third flattening n, to n^6, in the form of C. F. F. Karney,
 * "Transverse Mercator with an accuracy of a few nanometers", J. Geodesy 85 (2011), equations 7 to
 * 36: within the grids it is right to a few nanometres, far below the 0.1 mm of 1e-9 degree.
 * Floating point stays in this file: points and grid coordinates enter and leave as integers. */
#include <float.h>
#include <math.h>
#include "coord_int.h"

#define LAT_MAX_ND (90 * RB_NANODEG)
#define LON_MAX_ND (180 * RB_NANODEG)
#define TURN_ND (360 * RB_NANODEG)
#define PI 3.14159265358979323846

#define WGS84_A 6378137.0
#define WGS84_F (1 / 298.257223563)
#define ECC2 (WGS84_F * (2 - WGS84_F))
#define N1 (WGS84_F / (2 - WGS84_F))
#define N2 (N1 * N1)
#define N3 (N2 * N1)
#define N4 (N2 * N2)
#define N5 (N4 * N1)
#define N6 (N3 * N3)

#define UTM_SCALE 0.9996
#define UPS_SCALE 0.994
#define UTM_EAST_UM (500000 * COORD_UM)
#define UTM_SOUTH_UM (10000000 * COORD_UM)
#define UPS_UM (2000000 * COORD_UM)

/* radius of the sphere whose meridian is as long as the ellipsoid's */
#define RECTIFYING (WGS84_A / (1 + N1) * (1 + N2 / 4 + N4 / 64 + N6 / 256))

static const double forward[6] = {
    N1 / 2 - N2 * 2 / 3 + N3 * 5 / 16 + N4 * 41 / 180 - N5 * 127 / 288 + N6 * 7891 / 37800,
    N2 * 13 / 48 - N3 * 3 / 5 + N4 * 557 / 1440 + N5 * 281 / 630 - N6 * 1983433 / 1935360,
    N3 * 61 / 240 - N4 * 103 / 140 + N5 * 15061 / 26880 + N6 * 167603 / 181440,
    N4 * 49561 / 161280 - N5 * 179 / 168 + N6 * 6601661 / 7257600,
    N5 * 34729 / 80640 - N6 * 3418889 / 1995840,
    N6 * 212378941 / 319334400,
};
static const double inverse[6] = {
    N1 / 2 - N2 * 2 / 3 + N3 * 37 / 96 - N4 / 360 - N5 * 81 / 512 + N6 * 96199 / 604800,
    N2 / 48 + N3 / 15 - N4 * 437 / 1440 + N5 * 46 / 105 - N6 * 1118711 / 3870720,
    N3 * 17 / 480 - N4 * 37 / 840 - N5 * 209 / 4480 + N6 * 5569 / 90720,
    N4 * 4397 / 161280 - N5 * 11 / 504 - N6 * 830251 / 7257600,
    N5 * 4583 / 161280 - N6 * 108847 / 3991680,
    N6 * 20648693 / 638668800,
};

struct plane {
    double x, y;
};

static double radians(int64_t nd) {
    return (double)nd * (PI / (double)LON_MAX_ND);
}

static int64_t nanodegrees(double rad) {
    return llrint(rad * ((double)LON_MAX_ND / PI));
}

/* sine as x, cosine as y; exact at the quarters of the turn, where squares have their borders */
static struct plane sine_cosine(int64_t nd) {
    const int64_t quarter = 90 * RB_NANODEG;
    int64_t n = (nd + TURN_ND + quarter / 2) / quarter;
    double r = radians(nd + TURN_ND - n * quarter), s = sin(r), c = cos(r);
    switch (n % 4) {
    case 0:
        return (struct plane){s, c};
    case 1:
        return (struct plane){c, -s};
    case 2:
        return (struct plane){-s, -c};
    default:
        return (struct plane){-c, s};
    }
}

static double eccentricity(void) {
    return sqrt(ECC2);
}

/* ---- conformal latitude, by the tangents ---- */

static double conformal(double tau) {
    double e = eccentricity(), sec = hypot(1, tau);
    double sigma = sinh(e * atanh(e * tau / sec));
    return hypot(1, sigma) * tau - sigma * sec;
}

/* Newton's way back. It doubles the good digits each time and starts with three. */
static double geodetic(double want) {
    double tau = want / (1 - ECC2);
    for (int i = 0; i < 6; i++) {
        double have = conformal(tau);
        double d = (want - have) / hypot(1, have) * (1 + (1 - ECC2) * tau * tau) /
                   ((1 - ECC2) * hypot(1, tau));
        tau += d;
        if (fabs(d) <= DBL_EPSILON * fabs(tau)) break;
    }
    return tau;
}

/* ---- transverse Mercator; x and y in radii of RECTIFYING ---- */

static struct plane series(const double c[6], double xi, double eta, double sign) {
    struct plane p = {eta, xi};
    for (int j = 0; j < 6; j++) {
        double k = 2.0 * (j + 1);
        p.y += sign * c[j] * sin(k * xi) * cosh(k * eta);
        p.x += sign * c[j] * cos(k * xi) * sinh(k * eta);
    }
    return p;
}

static struct plane tm_forward(double lat, double dlon) {
    double tau = conformal(tan(lat));
    double xi = atan2(tau, cos(dlon));
    double eta = asinh(sin(dlon) / hypot(tau, cos(dlon)));
    return series(forward, xi, eta, 1);
}

/* latitude as y, longitude from the central meridian as x */
static struct plane tm_inverse(struct plane p) {
    struct plane q = series(inverse, p.y, p.x, -1);
    double tau = sin(q.y) / hypot(sinh(q.x), cos(q.y));
    return (struct plane){atan2(sinh(q.x), cos(q.y)), atan(geodetic(tau))};
}

/* ---- polar stereographic ---- */

/* distance from the pole in the grid at colatitude 90 degrees, were it a sphere */
static double ups_radius(void) {
    double e = eccentricity();
    return 2 * UPS_SCALE * WGS84_A / ((1 - WGS84_F) * exp(e * atanh(e)));
}

static double ups_forward(int64_t colat_nd) {
    if (colat_nd == 0) return 0;
    double tau = conformal(1 / tan(radians(colat_nd)));
    return ups_radius() / (hypot(1, tau) + tau);
}

/* to the colatitude */
static double ups_inverse(double rho) {
    if (rho == 0) return 0;
    double t = rho / ups_radius();
    return atan(1 / geodetic((1 / t - t) / 2));
}

/* ---- zones and bands ---- */

static bool point_ok(struct rb_point p) {
    return p.lat_nd >= -LAT_MAX_ND && p.lat_nd <= LAT_MAX_ND && p.lon_nd >= -LON_MAX_ND &&
           p.lon_nd <= LON_MAX_ND;
}

static int64_t central_meridian(int zone) {
    return (6 * (int64_t)zone - 183) * RB_NANODEG;
}

int rb_grid_zone(struct rb_point p) {
    if (p.lat_nd >= 84 * RB_NANODEG || p.lat_nd < -80 * RB_NANODEG) return 0;
    int64_t lon = p.lon_nd == LON_MAX_ND ? -LON_MAX_ND : p.lon_nd; /* it begins zone 1 */
    int zone = (int)((lon + LON_MAX_ND) / (6 * RB_NANODEG)) + 1;
    int64_t lat = p.lat_nd / RB_NANODEG;
    if (lat >= 56 && lat < 64 && zone == 31 && lon >= 3 * RB_NANODEG) return 32; /* Norway */
    if (lat < 72 || lon < 0 || lon >= 42 * RB_NANODEG) return zone;
    /* Svalbard: zones 32, 34 and 36 give way to their neighbours */
    return lon < 9 * RB_NANODEG ? 31 : lon < 21 * RB_NANODEG ? 33 : lon < 33 * RB_NANODEG ? 35 : 37;
}

static const char band_letters[] = "CDEFGHJKLMNPQRSTUVWX";

int rb_coord_band(char letter) {
    const char *at = letter == 0 ? NULL : strchr(band_letters, letter);
    return at == NULL ? -1 : (int)(at - band_letters);
}

char rb_coord_band_letter(int64_t lat_nd) {
    int64_t band = (lat_nd + 80 * RB_NANODEG) / (8 * RB_NANODEG);
    if (lat_nd < -80 * RB_NANODEG) band = 0;
    return band_letters[band > 19 ? 19 : band];
}

void rb_coord_band_lats(int band, int64_t *south_nd, int64_t *north_nd) {
    *south_nd = (8 * (int64_t)band - 80) * RB_NANODEG;
    *north_nd = *south_nd + (band == 19 ? 12 : 8) * RB_NANODEG;
}

/* from the south-western corner to the north-eastern, both included (11.3.5) */
static struct rb_grid grid_corner(const struct rb_grid *g, bool far) {
    int64_t e = far ? 900 : 100, n = g->north ? (far ? 9500 : 0) : (far ? 10000 : 1000);
    if (g->zone == 0) e = n = g->north ? (far ? 2700 : 1300) : (far ? 3200 : 800);
    return (struct rb_grid){g->zone, g->north, e * 1000 * COORD_UM, n * 1000 * COORD_UM};
}

bool rb_coord_in_grid(const struct rb_grid *g) {
    struct rb_grid low = grid_corner(g, false), high = grid_corner(g, true);
    return g->zone >= 0 && g->zone <= 60 && g->easting_um >= low.easting_um &&
           g->easting_um <= high.easting_um && g->northing_um >= low.northing_um &&
           g->northing_um <= high.northing_um;
}

/* A point read from the very edge lies up to a tenth of a millimetre beyond it, by 1e-9 degree:
 * what is within a millimetre is the edge. */
static void to_the_edge(struct rb_grid *g) {
    struct rb_grid low = grid_corner(g, false), high = grid_corner(g, true);
    const int64_t mm = COORD_UM / 1000;
    if (g->easting_um < low.easting_um && g->easting_um >= low.easting_um - mm)
        g->easting_um = low.easting_um;
    if (g->easting_um > high.easting_um && g->easting_um <= high.easting_um + mm)
        g->easting_um = high.easting_um;
    if (g->northing_um < low.northing_um && g->northing_um >= low.northing_um - mm)
        g->northing_um = low.northing_um;
    if (g->northing_um > high.northing_um && g->northing_um <= high.northing_um + mm)
        g->northing_um = high.northing_um;
}

/* ---- between points and grids ---- */

static int64_t turned(int64_t lon_nd) {
    if (lon_nd > LON_MAX_ND) return lon_nd - TURN_ND;
    return lon_nd < -LON_MAX_ND ? lon_nd + TURN_ND : lon_nd;
}

static int64_t micrometres(double m, int64_t origin_um) {
    return (int64_t)floor(m * (double)COORD_UM + (double)origin_um);
}

static void ups_from_point(struct rb_point p, struct rb_grid *out) {
    double rho = ups_forward(LAT_MAX_ND - (out->north ? p.lat_nd : -p.lat_nd));
    struct plane lon = sine_cosine(p.lon_nd);
    out->easting_um = micrometres(rho * lon.x, UPS_UM);
    out->northing_um = micrometres(out->north ? -rho * lon.y : rho * lon.y, UPS_UM);
}

enum rb_err rb_grid_from_point(struct rb_point p, int zone, struct rb_grid *out) {
    struct rb_grid g = {.zone = zone, .north = p.lat_nd >= 0};
    if (!point_ok(p) || zone < 0 || zone > 60) return RB_ERR_USAGE;
    if (zone == 0) {
        ups_from_point(p, &g);
    } else {
        int64_t dlon = turned(p.lon_nd - central_meridian(zone));
        /* no grid is wider; the series ends to be good long before 90 degrees */
        if (dlon > 60 * RB_NANODEG || dlon < -60 * RB_NANODEG) return RB_ERR_USAGE;
        struct plane q = tm_forward(radians(p.lat_nd), radians(dlon));
        g.easting_um = micrometres(UTM_SCALE * RECTIFYING * q.x, UTM_EAST_UM);
        g.northing_um = micrometres(UTM_SCALE * RECTIFYING * q.y, g.north ? 0 : UTM_SOUTH_UM);
    }
    to_the_edge(&g);
    if (!rb_coord_in_grid(&g)) return RB_ERR_USAGE;
    *out = g;
    return RB_OK;
}

static struct rb_point ups_to_point(const struct rb_grid *g) {
    double x = (double)(g->easting_um - UPS_UM) / (double)COORD_UM;
    double y = (double)(g->northing_um - UPS_UM) / (double)COORD_UM;
    int64_t lat = LAT_MAX_ND - nanodegrees(ups_inverse(hypot(x, y)));
    /* at the pole every longitude is right; 0 is written */
    int64_t lon = x == 0 && y == 0 ? 0 : nanodegrees(atan2(x, g->north ? -y : y));
    return (struct rb_point){g->north ? lat : -lat, lon};
}

enum rb_err rb_grid_to_point(const struct rb_grid *g, struct rb_point *out) {
    if (!rb_coord_in_grid(g)) return RB_ERR_USAGE;
    if (g->zone == 0) {
        *out = ups_to_point(g);
        return RB_OK;
    }
    double scale = (double)COORD_UM * UTM_SCALE * RECTIFYING;
    int64_t y = g->north ? g->northing_um : g->northing_um - UTM_SOUTH_UM;
    struct plane p = {(double)(g->easting_um - UTM_EAST_UM) / scale, (double)y / scale};
    struct plane q = tm_inverse(p);
    out->lat_nd = nanodegrees(q.y);
    out->lon_nd = turned(central_meridian(g->zone) + nanodegrees(q.x));
    return RB_OK;
}
