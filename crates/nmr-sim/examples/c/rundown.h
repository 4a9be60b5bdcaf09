/*
 * Counts the calls of this side into its peer, and finds who has to complete a detach.
 *
 * Bit 0 says that the binding closes, the rest counts calls. Closing and leaving are one atomic operation each, so that
 * exactly one of two things happens: the detach callback finds no call and answers STATUS_SUCCESS, or the last call to
 * leave finds the bit and completes.
 */
#ifndef RUNDOWN_H
#define RUNDOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct RUNDOWN {
    _Atomic uint64_t state;
} RUNDOWN;

enum { RUNDOWN_CLOSING = 1, RUNDOWN_CALL = 2 };

/* A call begins, unless the binding closes. */
static inline bool rundown_enter(RUNDOWN *rundown)
{
    uint64_t state = atomic_load(&rundown->state);
    while ((state & RUNDOWN_CLOSING) == 0) {
        if (atomic_compare_exchange_weak(&rundown->state, &state, state + RUNDOWN_CALL)) {
            return true;
        }
    }
    return false;
}

/* A call has ended. True: it was the last one, and the caller completes the detach. Nothing of the binding is touched
 * afterwards but what was copied before. */
static inline bool rundown_leave(RUNDOWN *rundown)
{
    return atomic_fetch_sub(&rundown->state, RUNDOWN_CALL) == (RUNDOWN_CALL | RUNDOWN_CLOSING);
}

/* No call begins any more. True: none is in progress. */
static inline bool rundown_close(RUNDOWN *rundown)
{
    return atomic_fetch_or(&rundown->state, RUNDOWN_CLOSING) < RUNDOWN_CALL;
}

#endif
