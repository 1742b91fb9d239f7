/* Words of the printable page in the page's language. What others wrote stays in theirs. */
#include "print.h"

static const char *const words[PRINT_WORDS][PRINT_LANGS] = {
#define ROW(key, en, ar, ru) {en, ar, ru},
    PRINT_WORD_LIST(ROW)
#undef ROW
};
static const char *const langs[PRINT_LANGS] = {"en", "ar", "ru"};

bool print_lang_decode(const char *z, enum print_lang *out) {
    for (int i = 0; i < PRINT_LANGS; i++) {
        if (strcmp(z, langs[i]) != 0) continue;
        *out = (enum print_lang)i;
        return true;
    }
    return false;
}
const char *print_lang_name(enum print_lang lang) {
    return langs[lang];
}
const char *print_word(enum print_lang lang, enum print_word w) {
    return words[w][lang];
}

/* what the API calls classes, roles and positions */
static const struct {
    const char *word, *says[PRINT_LANGS];
} terms[] = {
    {"operation", {"operation", "عملية", "операция"}},
    {"exercise", {"exercise (drill)", "مناورة", "учения"}},
    {"movement", {"movement", "تحرك", "передвижение"}},
    {"site", {"site", "موقع", "объект"}},
    {"area", {"area", "منطقة", "район"}},
    {"party", {"party", "طرف", "сторона"}},
    {"guarantor", {"guarantor", "ضامن", "гарант"}},
    {"mediator", {"mediator", "وسيط", "посредник"}},
    {"monitor", {"monitor", "مراقب ميداني", "наблюдатель на месте"}},
    {"observer", {"observer", "مراقب", "наблюдатель"}},
    {"read", {"read", "قُرئ", "прочитано"}},
    {"passed-down", {"passed down", "نُقل إلى الأدنى", "доведено вниз"}},
    {"query", {"query", "استفسار", "вопрос"}},
    {"dispute-fact", {"disputes a fact", "يعترض على واقعة", "оспаривает факт"}},
    {"cannot-comply", {"cannot comply", "لا يستطيع الامتثال", "не может выполнить"}},
    {"object", {"objects", "يعترض", "возражает"}},
    {"confirm", {"confirms", "يؤكد", "подтверждает"}},
    {"dispute", {"disputes", "ينازع", "оспаривает"}},
    {"will-comply", {"will comply", "سيمتثل", "выполнит"}},
    {"complied", {"has complied", "امتثل", "выполнил"}},
    {"declined", {"declines", "يرفض", "отклоняет"}},
    {"withdraw", {"withdrawn", "مسحوب", "отозвано"}},
    {"correct", {"corrected", "مصحّح", "исправлено"}},
};
const char *print_term(enum print_lang lang, const char *word) {
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        if (strcmp(terms[i].word, word) == 0) return terms[i].says[lang];
    return word;
}

const char *print_wind(enum print_lang lang, unsigned wind) {
    static const char *const winds[16][PRINT_LANGS] = {
        {"north", "شمال", "к северу"},
        {"north-north-east", "شمال شمال شرق", "к северо-северо-востоку"},
        {"north-east", "شمال شرق", "к северо-востоку"},
        {"east-north-east", "شرق شمال شرق", "к востоко-северо-востоку"},
        {"east", "شرق", "к востоку"},
        {"east-south-east", "شرق جنوب شرق", "к востоко-юго-востоку"},
        {"south-east", "جنوب شرق", "к юго-востоку"},
        {"south-south-east", "جنوب جنوب شرق", "к юго-юго-востоку"},
        {"south", "جنوب", "к югу"},
        {"south-south-west", "جنوب جنوب غرب", "к юго-юго-западу"},
        {"south-west", "جنوب غرب", "к юго-западу"},
        {"west-south-west", "غرب جنوب غرب", "к западо-юго-западу"},
        {"west", "غرب", "к западу"},
        {"west-north-west", "غرب شمال غرب", "к западо-северо-западу"},
        {"north-west", "شمال غرب", "к северо-западу"},
        {"north-north-west", "شمال شمال غرب", "к северо-северо-западу"},
    };
    return winds[wind % 16][lang];
}
