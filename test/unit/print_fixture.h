/* A record as the local API shows it, for tests of the printed page. All parties are invented. */
#ifndef RB_TEST_PRINT_FIXTURE_H
#define RB_TEST_PRINT_FIXTURE_H
#include <jansson.h>
#include <string.h>

#define FIXTURE_RECORD "3f2a90c17be4d2a90c1f7be4d2a90c1f7be4d2a90c1f7be4d2a90c1f5566aabb"
#define FIXTURE_CHANNEL "9c1f2ab34d5e6f70819293a4b5c6d7e8"
#define FIXTURE_FINGERPRINT "01234 56789 01234 56789 01234 56789 01234 56780"

static const char fixture_channel[] =
    "{\"us\":\"un-cell\",\"now\":\"2027-01-26T10:13:00Z\",\"members\":["
    "{\"handle\":\"un-cell\",\"role\":\"monitor\",\"affiliation\":null,\"party\":\"aa\",\"us\":"
    "true,"
    "\"fingerprint\":\"" FIXTURE_FINGERPRINT "\"},"
    "{\"handle\":\"northland\",\"role\":\"party\",\"affiliation\":\"north\",\"party\":\"bb\","
    "\"fingerprint\":\"11234 56789 01234 56789 01234 56789 01234 56780\"},"
    "{\"handle\":\"southland\",\"role\":\"party\",\"affiliation\":\"south\",\"party\":\"cc\","
    "\"fingerprint\":\"21234 56789 01234 56789 01234 56789 01234 56780\"}]}";
static const char fixture_people[] =
    "[{\"handle\":\"un-cell\",\"party\":\"aa\",\"names\":{\"en\":\"Joint "
    "Cell\",\"ru\":\"Ячейка\"}},"
    "{\"handle\":\"northland\",\"party\":\"bb\",\"names\":{\"fr\":\"Nord\"}}]";
static const char fixture_site[] =
    "{\"exercise\":true,\"channel\":\"" FIXTURE_CHANNEL "\",\"channel_title\":\"Places\","
    "\"record\":\"" FIXTURE_RECORD "\",\"author\":\"un-cell\",\"kind\":\"notice\","
    "\"class\":\"site\",\"closed\":true,\"precedence\":\"PRIORITY\","
    "\"recipients\":[\"un-cell\",\"northland\",\"southland\"],"
    "\"created\":\"2027-01-26T09:40:00Z\",\"officers\":[\"duty\",\"chief\"],"
    "\"superseded_by\":null,\"mark\":null,\"mark_sentence\":null,\"contested\":false,"
    "\"title\":\"Clinic\",\"envelope\":{\"reported\":{\"who\":\"relief-one\",\"carrier\":\"mail\","
    "\"at\":\"2027-01-25T16:05:00Z\"},\"emergency\":null,\"demand\":{\"position\":\"read\","
    "\"by\":\"2027-01-26T12:00:00Z\",\"members\":null}},"
    "\"body\":{\"class\":\"site\",\"title\":\"Clinic\",\"text\":\"Forty beds.\\nIn use by night.\","
    "\"markings\":\"Lit roof\",\"review_by\":\"2027-07-01T00:00:00Z\",\"volumes\":["
    "{\"circle\":{\"lat\":35.917263,\"lon\":36.6331,\"radius\":150},\"accuracy\":10,"
    "\"method\":\"GPS\",\"surveyed\":\"2026-12-20T11:00:00Z\",\"declared_by\":\"relief-one\","
    "\"as_entered\":\"35.917263, 36.6331\"}]},"
    "\"positions\":["
    "{\"record\":\"11\",\"member\":\"northland\",\"position\":\"read\","
    "\"created\":\"2027-01-26T10:01:00Z\",\"mark\":null,\"body\":{}},"
    "{\"record\":\"22\",\"member\":\"northland\",\"position\":\"passed-down\","
    "\"created\":\"2027-01-26T10:05:00Z\",\"mark\":null,\"body\":{\"level\":\"3rd brigade\","
    "\"by\":\"Col. Test\",\"at\":\"2027-01-26T10:04:00Z\"}},"
    "{\"record\":\"33\",\"member\":\"southland\",\"position\":\"dispute-fact\","
    "\"created\":\"2027-01-26T10:09:00Z\",\"mark\":null,\"body\":{\"reason\":\"vehicles seen\"}},"
    "{\"record\":\"44\",\"member\":\"southland\",\"position\":\"passed-down\","
    "\"created\":\"2027-01-26T10:10:00Z\",\"mark\":\"suspended\",\"body\":{\"level\":\"marked-"
    "level\"}}],"
    "\"holders\":["
    "{\"member\":\"un-cell\",\"author\":true,\"reader\":true,\"held\":true,\"body_held\":true},"
    "{\"member\":\"northland\",\"author\":false,\"reader\":true,\"held\":true,"
    "\"held_since\":\"2027-01-26T09:41:12Z\",\"held_logged\":true,\"body_held\":true,"
    "\"read\":\"2027-01-26T10:01:00Z\",\"read_by\":[\"watch\"]},"
    "{\"member\":\"southland\",\"author\":false,\"reader\":true,\"held\":false,\"held_since\":null,"
    "\"held_logged\":false,\"body_held\":false,\"read\":null,\"read_by\":[]}]}";
static const char fixture_told[] =
    "[{\"position\":\"read\",\"mark\":null,\"created\":\"2027-01-26T10:20:00Z\",\"body\":{\"by\":"
    "\"Maj. "
    "Beispiel\"},\"envelope\":{\"reported\":{\"who\":\"lakeland\",\"carrier\":\"phone\",\"at\":"
    "null}}},"
    "{\"position\":\"read\",\"mark\":null,\"created\":\"2027-01-26T10:21:00Z\",\"body\":{},"
    "\"envelope\":{\"reported\":null}}]";
#endif
