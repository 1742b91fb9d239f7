/* Volumes with places and heights as texts. */
#ifndef RB_SHELL_API_JSON_PLACE_H
#define RB_SHELL_API_JSON_PLACE_H
#include "json_body.h"

/* {"circle": {"place": "37SBU0123490123", "radius": "150m"}, "floor": "900m amsl"} as the grammar
 * has it, in *out, the caller's to free; NULL where nothing was said in words. RB_ERR_USAGE with
 * *e, its field within the volume. */
enum rb_err rb_volume_entered(const json_t *in, json_t **out, struct rb_json_error *e) RB_MUST_USE;
#endif
