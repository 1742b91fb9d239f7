/* Words of the printable page: key, English, Arabic, Russian. Ours, so they stand in the page as
 * they are: no <, & or quotes in them. */
#ifndef RB_CMD_PRINT_WORDS_H
#define RB_CMD_PRINT_WORDS_H
/* clang-format off */
#define PRINT_WORD_LIST(X) \
    /* head */ \
    X(NOTICE, "Notice", "إشعار", "Уведомление") \
    X(STOP_FIRE, "Stop fire", "أوقفوا النار", "Прекратить огонь") \
    X(STATUS, "What became of a notice", "ما آل إليه الإشعار", "Что стало с уведомлением") \
    X(EXERCISE, "EXERCISE · EXERCISE · EXERCISE", "EXERCISE · تمرين · EXERCISE · تمرين", "EXERCISE · УЧЕНИЯ · EXERCISE · УЧЕНИЯ") \
    X(NO_TITLE, "(no title)", "(بلا عنوان)", "(без названия)") \
    X(PAGE, "Page ", "صفحة ", "Стр. ") \
    X(PAGE_OF, " of ", " من ", " из ") \
    X(PROTECTED_PLACE, "Names a protected place.", "يذكر مكاناً محمياً.", "Называет охраняемое место.") \
    X(PROTECTED_SAYS, "Pass on only to those who must know. Destroy copies that are not needed.", \
      "لا يُنقل إلا إلى من يجب أن يعلم. تُتلف النسخ التي لا حاجة إليها.", \
      "Передавать только тем, кто должен знать. Ненужные копии уничтожить.") \
    X(SUPERSEDED, "SUPERSEDED: do not act on this page. Its author says otherwise in record", \
      "استُبدل: لا تعملوا بهذه الصفحة. قال كاتبه غير ذلك في السجل", \
      "ЗАМЕНЕНО: не действовать по этой странице. Автор говорит иное в записи") \
    X(WITHDRAWN, "WITHDRAWN by its author:", "سحبه كاتبه:", "ОТОЗВАНО автором:") \
    X(CORRECTED, "CORRECTED by its author; ask for the correction:", "صحّحه كاتبه؛ اطلبوا التصحيح:", \
      "ИСПРАВЛЕНО автором; запросите исправление:") \
    X(NO_EFFECT, "WITHOUT EFFECT in its channel:", "بلا أثر في قناته:", "НЕ ИМЕЕТ СИЛЫ в своём канале:") \
    X(CONTESTED, "CONTESTED: its author's log has two branches, and it stands on one of them.", \
      "متنازع عليه: لسجل كاتبه فرعان، وهو في أحدهما.", \
      "СПОРНО: журнал автора имеет две ветви, запись стоит на одной из них.") \
    X(REPORTED, "Said by another way and entered by the author, unsigned by them:", \
      "قيل بطريق آخر وأدخله الكاتب، ولم يوقّعه قائله:", \
      "Сказано иным путём и внесено автором, сказавшими не подписано:") \
    X(BY_WAY_OF, "by way of", "بواسطة", "каким путём") \
    X(EMERGENCY, "Released by one officer in an emergency:", "أصدره ضابط واحد في حالة طارئة:", \
      "Выпущено одним офицером в чрезвычайном случае:") \
    /* who, to whom */ \
    X(COMMA, ", ", "، ", ", ") \
    X(SEMICOLON, "; ", "؛ ", "; ") \
    X(FROM, "From", "من", "От кого") \
    X(TO, "To", "إلى", "Кому") \
    X(WRITTEN, "Written", "كُتب في", "Составлено") \
    X(SIGNED, "Signed by", "وقّعه", "Подписали") \
    X(KEY_WITHOUT_NAME, "a key whose name is not known here", "مفتاح لا يُعرف اسمه هنا", "ключ, чьё имя здесь неизвестно") \
    X(AFFILIATION, "affiliation:", "الانتماء:", "принадлежность:") \
    X(CLOSED_TO, "Closed: these may read it, and nobody else.", "مغلق: لهؤلاء أن يقرؤوه، لا لغيرهم.", \
      "Закрыто: читать могут только они.") \
    X(OPEN_TO, "Open: every member of the channel may read it.", "مفتوح: لكل عضو في القناة أن يقرأه.", \
      "Открыто: читать может каждый участник канала.") \
    X(NOBODY_ELSE, "nobody but its author", "لا أحد غير كاتبه", "никто, кроме автора") \
    X(ANSWER_BY, "Answer asked for", "الجواب المطلوب", "Требуется ответ") \
    X(TEXT, "Text", "النص", "Текст") \
    X(MARKINGS, "Markings, by day and by night", "العلامات نهاراً وليلاً", "Обозначения днём и ночью") \
    X(REVIEW_BY, "To be looked at again by", "تُعاد مراجعته قبل", "Пересмотреть до") \
    X(REVIEW_SAYS, "That this time passes takes no protection from it.", "انقضاء هذا الوقت لا ينزع عنه أي حماية.", \
      "Истечение этого срока не лишает его защиты.") \
    /* places */ \
    X(WHERE_WHEN, "Where and when", "أين ومتى", "Где и когда") \
    X(NO_PLACE, "No place in numbers is stated.", "لم يُذكر مكان بالأرقام.", "Место в числах не указано.") \
    X(PLACE, "Place", "المكان", "Место") \
    X(POINT, "Point", "النقطة", "Точка") \
    X(LAT_LON, "Latitude, longitude (WGS84)", "العرض، الطول (WGS84)", "Широта, долгота (WGS84)") \
    X(CENTRE, "Centre", "المركز", "Центр") \
    X(RADIUS, "Radius", "نصف القطر", "Радиус") \
    X(SHAPE, "Shape", "الشكل", "Форма") \
    X(POLYGON, "polygon through these points in order", "مضلّع يمر بهذه النقاط بالترتيب", "многоугольник через эти точки по порядку") \
    X(CORRIDOR, "corridor along these points", "ممر على طول هذه النقاط", "коридор вдоль этих точек") \
    X(EITHER_SIDE, "to either side", "إلى كل جانب", "в каждую сторону") \
    X(EDGES_GEODESIC, "edges by the shortest way", "أضلاعه أقصر الطرق", "стороны по кратчайшему пути") \
    X(EDGES_PARALLEL, "edges by the shortest way, or along a parallel", "أضلاعه أقصر الطرق أو على خط العرض", \
      "стороны по кратчайшему пути или по параллели") \
    X(EDGES_LONLAT, "edges straight in longitude and latitude", "أضلاعه مستقيمة في الطول والعرض", \
      "стороны прямые по долготе и широте") \
    X(NEAREST, "Nearest known place", "أقرب مكان معروف", "Ближайшее место") \
    X(NEAREST_FIRST, "Nearest to point 1", "الأقرب إلى النقطة 1", "Ближайшее к точке 1") \
    X(FROM_PLACE, "of", "", "от") \
    X(AT_PLACE, "at", "عند", "у") \
    X(KM, "km", "كم", "км") \
    X(METRES, "m", "م", "м") \
    X(TIMES, "When", "متى", "Когда") \
    X(BEGINS, "from", "من", "с") \
    X(ENDS, "until", "حتى", "до") \
    X(NO_BEGIN, "no beginning is stated", "لم تُذكر بداية", "начало не указано") \
    X(NO_END, "no end is stated", "لم تُذكر نهاية", "конец не указан") \
    X(ALL_TIMES, "no time is stated: at all times", "لم يُذكر وقت: في كل الأوقات", "время не указано: всегда") \
    X(HEIGHTS, "Heights", "الارتفاعات", "Высоты") \
    X(FLOOR, "from", "من", "от") \
    X(CEILING, "to", "إلى", "до") \
    X(NO_FLOOR, "the ground and below", "الأرض وما تحتها", "земли и ниже") \
    X(NO_CEILING, "any height: no upper limit", "أي ارتفاع: بلا حد أعلى", "любой высоты: верхней границы нет") \
    X(ALL_HEIGHTS, "none is stated: all heights", "لم تُذكر: كل الارتفاعات", "не указаны: все высоты") \
    X(AMSL, "above mean sea level", "فوق متوسط سطح البحر", "над средним уровнем моря") \
    X(AGL, "above ground", "فوق سطح الأرض", "над землёй") \
    X(WGS84, "above the WGS84 ellipsoid", "فوق مجسم WGS84", "над эллипсоидом WGS84") \
    X(ACCURACY, "Accuracy of place", "دقة المكان", "Точность места") \
    X(SURVEYED, "Surveyed", "قيس في", "Измерено") \
    X(DECLARED_BY, "Declared by", "أعلنه", "Объявил") \
    X(RECOGNISED_BY, "Recognised by", "اعترف به", "Признал") \
    X(MILITARY_USE, "Military use", "استعمال عسكري", "Военное использование") \
    X(AS_ENTERED, "As typed", "كما كُتب", "Как введено") \
    X(YES, "declared", "معلن", "объявлено") \
    X(NOT_STATED, "not stated", "غير مذكور", "не указано") \
    X(SKETCH, "Sketch of the place", "رسم تقريبي للمكان", "Схема места") \
    X(SKETCH_SAYS, "A sketch, not a map: borders and ground are not shown. Outlines, grid and scale are measured.", \
      "رسم تقريبي وليس خريطة: لا تظهر فيه الحدود ولا التضاريس. الأشكال والشبكة والمقياس محسوبة.", \
      "Схема, не карта: границы и местность не показаны. Контуры, сетка и масштаб рассчитаны.") \
    /* proof */ \
    X(PROOF, "To match this page with the log", "لمطابقة هذه الصفحة مع السجل", "Для сверки этой страницы с журналом") \
    X(RECORD, "Record", "السجل", "Запись") \
    X(CHANNEL, "Channel", "القناة", "Канал") \
    X(FINGERPRINT, "Fingerprint of", "بصمة", "Отпечаток") \
    X(PROOF_SAYS, "The signed record with this hash is what counts, not this paper. The code holds record, channel and fingerprint; " \
      "compare the fingerprint with one that the author read out.", \
      "المعتمد هو السجل الموقّع ذو هذه البصمة الرقمية لا هذه الورقة. يحوي الرمز السجل والقناة والبصمة؛ قارنوا البصمة بما قرأه الكاتب بصوته.", \
      "Значение имеет подписанная запись с этим хешем, а не эта бумага. Код содержит запись, канал и отпечаток; " \
      "сверьте отпечаток с тем, что автор назвал голосом.") \
    /* form */ \
    X(FORM, "To be filled in and sent back to the sender", "يُملأ ويُعاد إلى المرسل", "Заполнить и вернуть отправителю") \
    X(FORM_READ_BY, "Read by (name)", "قرأه (الاسم)", "Прочитал (имя)") \
    X(FORM_POST, "Post, unit", "المنصب، الوحدة", "Должность, подразделение") \
    X(FORM_AT, "Date and time (UTC)", "التاريخ والوقت (UTC)", "Дата и время (UTC)") \
    X(FORM_PASSED_DOWN, "Passed down to (level)", "نُقل إلى المستوى الأدنى", "Доведено вниз до (уровень)") \
    X(FORM_TAKEN_BY, "Taken there by (name)", "تسلّمه هناك (الاسم)", "Принял там (имя)") \
    X(FORM_QUERY, "Query, or what is wrong about the place", "استفسار، أو ما هو خطأ في المكان", "Вопрос, или что неверно о месте") \
    X(FORM_SIGNATURE, "Signature", "التوقيع", "Подпись") \
    X(NO_AGREEMENT, "Held or read is not agreed: nothing on this page is a permission or a consent.", \
      "الحفظ أو القراءة ليسا موافقة: لا شيء في هذه الصفحة إذن أو رضا.", \
      "Хранится или прочитано не значит согласовано: ничто здесь не разрешение и не согласие.") \
    X(PROTECTION, "Legal protection is unchanged by this notice, and by its absence.", \
      "لا يغيّر هذا الإشعار، ولا غيابه، الحماية القانونية.", \
      "Правовая защита не меняется ни от этого уведомления, ни от его отсутствия.") \
    X(PRINTED, "Printed", "طُبعت في", "Напечатано") \
    X(CLOCK_UTC, "Times ending in Z are UTC.", "الأوقات المنتهية بحرف Z هي UTC.", "Время с буквой Z: UTC.") \
    X(CLOCK_LOCAL, "Local times are those of the place of printing.", "الأوقات المحلية هي أوقات مكان الطباعة.", \
      "Местное время: по месту печати.") \
    X(CLOCK_FILL_IN, "Local time where this is read: UTC ______", "الوقت المحلي حيث يُقرأ هذا: UTC ______", \
      "Местное время там, где это читают: UTC ______") \
    /* what became of it */ \
    X(FOR_SUBMITTER, "For", "إلى", "Для") \
    X(AS_OF, "As known here at", "كما يُعرف هنا في", "По сведениям здесь на") \
    X(RECIPIENTS, "With each recipient", "لدى كل مرسل إليه", "У каждого получателя") \
    X(RECIPIENT, "Recipient", "المرسل إليه", "Получатель") \
    X(HELD_SINCE, "Held by its node since (its own clock)", "محفوظ في عقدته منذ (بساعتها)", "Хранится в его узле с (по его часам)") \
    X(READ_BY, "Read by an officer", "قرأه ضابط", "Прочитано офицером") \
    X(PASSED_DOWN_TO, "Passed down to", "نُقل إلى المستوى", "Доведено вниз до") \
    X(ANSWERED, "Queries, disputes, other answers", "استفسارات واعتراضات وأجوبة أخرى", "Вопросы, возражения, иные ответы") \
    X(HELD_TOLD, "told to us, not yet in its log", "قيل لنا، ولم يُكتب بعد في سجله", "сообщено нам, в его журнале ещё нет") \
    X(HELD_CONTENT_ONLY, "content held; entry not known to be held", "المحتوى محفوظ؛ لا يُعرف حفظ القيد", \
      "содержание хранится; о записи неизвестно") \
    X(HELD_UNKNOWN, "not known to be held", "لا يُعرف أنه محفوظ", "неизвестно, хранится ли") \
    X(HELD_PURGED, "content deleted there since", "حُذف المحتوى هناك بعد ذلك", "содержание там с тех пор удалено") \
    X(READ_UNKNOWN, "not known to be read", "لا يُعرف أنه قُرئ", "неизвестно, прочитано ли") \
    X(PASSED_UNKNOWN, "not known to be passed down", "لا يُعرف أنه نُقل", "неизвестно, доведено ли") \
    X(LEVEL_UNSAID, "(level not readable here)", "(المستوى لا يُقرأ هنا)", "(уровень здесь не читается)") \
    X(UNREADABLE, "an answer that cannot be read here", "جواب لا يُقرأ هنا", "ответ, который здесь не читается") \
    X(REASON_WITHHELD, "its reason was said to us alone; ask us", "قيل سببه لنا وحدنا؛ اسألونا", "причина сказана только нам; спросите нас") \
    X(ANSWER_NONE, "none known", "لا يُعرف شيء", "неизвестно ни одного") \
    X(TOLD_BELOW, "told by another way: see below", "قيل بطريق آخر: انظروا أدناه", "сказано иным путём: см. ниже") \
    X(TOLD, "Told by other ways, entered by us, unsigned by them", "قيل بطرق أخرى، أدخلناه نحن ولم يوقّعوه", \
      "Сказано иными путями, внесено нами, ими не подписано") \
    X(WHO, "Who", "من", "Кто") \
    X(WHEN, "When", "متى", "Когда") \
    X(WHAT, "What", "ماذا", "Что") \
    X(NOT_KNOWN, "What is not known", "ما لا يُعرف", "Что неизвестно") \
    X(MISSING_HELD, "Not known to be held by:", "لا يُعرف حفظه لدى:", "Неизвестно, хранится ли у:") \
    X(MISSING_READ, "Not known to be read by an officer of:", "لا تُعرف قراءته من ضابط لدى:", "Неизвестно, прочитано ли офицером у:") \
    X(MISSING_PASSED, "Not known to be passed down by:", "لا يُعرف نقله من:", "Неизвестно, доведено ли вниз у:") \
    X(UNKNOWN_SAYS, "Nobody can see from here who else was told, what units do with it, or whether a level passed it on. " \
      "A counterpart without a node shows here only as far as it told us.", \
      "لا يُرى من هنا من أُخبر سواهم، ولا ما تفعله الوحدات به، ولا هل نقله مستوى إلى غيره. من لا عقدة له لا يظهر هنا إلا بقدر ما قاله لنا.", \
      "Отсюда не видно, кому ещё сообщили, что делают подразделения и передал ли уровень дальше. " \
      "Сторона без узла видна здесь лишь настолько, насколько сама нам сообщила.") \
    X(STATUS_WORDS, "Held: its node stores it. Read: an officer says so. Passed down: it says so, to the level named.", \
      "محفوظ: تخزنه عقدته. مقروء: يقول ذلك ضابط. منقول: يقول إنه نقله إلى المستوى المذكور.", \
      "Хранится: записано в его узле. Прочитано: так говорит офицер. Доведено: так говорит он, до названного уровня.")
#endif
