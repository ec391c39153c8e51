/* run_json.h: what JSON of a recorded packet has in every command. */
#ifndef OBS_RUN_JSON_H
#define OBS_RUN_JSON_H

#include "base/fmt.h"
#include "obs/run.h"

/* "flags": ["SYN", "ACK"] */
void run_json_flags(uint8_t flags, struct json *j);
/* "why": a slug, "why_text": for people; nothing for WHY_NONE. */
void run_json_why(uint16_t why, uint64_t arg, struct json *j);
/* "fates": what became of its copies, in order. */
void run_json_fates(const struct run_packet *p, struct json *j);

#endif
