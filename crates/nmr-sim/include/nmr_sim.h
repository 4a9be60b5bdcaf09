/*
 * nmr_sim.h: what a program chooses about the simulated Network Module Registrar, and what it asks it. None of this
 * exists on Windows. C11 or C++17 and later. Every function may be called on any thread at any time, callbacks of NMR
 * included.
 *
 * One world is the NMR of the process. It is made by the first call of any function of netioddk.h, and replaced by
 * nmr_sim_reset; so each test of a program can have one of its own:
 *
 *     nmr_sim_set("on-violation", "collect");
 *     nmr_sim_reset();
 *     ... register modules, let them work, deregister and wait ...
 *     assert(nmr_sim_module_unloaded(NULL) == 0);    nothing is left behind
 *     assert(nmr_sim_violations(NULL) == 0);         and no rule was broken
 *
 * Settings. In the environment a setting is called NMR_SIM_ and its name in capitals, with underscores. A value that is
 * not understood is an error: a call answers STATUS_INVALID_PARAMETER, and a variable aborts the process, because a run
 * with other settings than were asked for proves nothing.
 *
 *   on-violation              NMR_SIM_ON_VIOLATION
 *       report    write it to standard error, keep it, and answer as documented for the rule (the default); a rule that is
 *                 only a warning is written five times in a world, and counted from there on
 *       abort     as report; then abort the process, unless the rule is only a warning
 *       collect   keep it for nmr_sim_violations and nmr_sim_violation_text
 *       count     keep its number only, however many there are
 *   detach-order              NMR_SIM_DETACH_ORDER
 *       client-first, provider-first, seeded: whose detach callback comes first. Windows does not document it; a module
 *       must bear either. The default is client-first, and seeded if there is a seed.
 *   cleanup-order             NMR_SIM_CLEANUP_ORDER
 *       client-first, provider-first, seeded: whose cleanup callback comes first; likewise.
 *   detach-irql               NMR_SIM_DETACH_IRQL
 *       passive, apc, dispatch: the least level at which detach and cleanup callbacks run, as though whoever deregisters
 *       had raised to it. The default is passive, which is the level of the caller.
 *   cleanup-for-null-context  NMR_SIM_CLEANUP_FOR_NULL_CONTEXT
 *       yes, no: whether the cleanup callback of a side whose binding context is NULL is called. Not documented; yes is
 *       the default.
 *   idle-deregister           NMR_SIM_IDLE_DEREGISTER
 *       pending, success: what a deregistration answers after which no binding is left. Windows answers STATUS_PENDING,
 *       which is the default. With success it answers STATUS_SUCCESS and closes the handle, as some other simulators
 *       do: for tests that were written for those.
 *   cleanup-overtakes-detach  NMR_SIM_CLEANUP_OVERTAKES_DETACH
 *       yes, no: whether a completion that arrives while the same side's detach callback is still running counts at
 *       once, so that the cleanup may run before that callback has returned. Not documented; yes is the default.
 *   wait-covers-detach        NMR_SIM_WAIT_COVERS_DETACH
 *       yes, no: whether a wait also covers detach callbacks that have completed and not returned. Not documented; yes
 *       is the default.
 *   seed                      NMR_SIM_SEED
 *       A number: threads are held up before and after callbacks and completions, and choices made, by a stream that
 *       depends on it alone. The system still schedules the threads in between. The default is none.
 *   wait-report               NMR_SIM_WAIT_REPORT
 *       Milliseconds, or none: a wait that takes longer says once, on standard error, which bindings hold it and whose
 *       turn it is, and goes on. The default is 2000.
 *   wait-limit                NMR_SIM_WAIT_LIMIT
 *       Milliseconds, or none: a wait that takes longer says the same and aborts the process. The default is none:
 *       Windows waits for ever.
 *   fail-nth                  NMR_SIM_FAIL_NTH
 *       A number: the n-th call of a new world that may fail does fail, see nmr_sim_fail_nth. The default is none.
 *   events                    NMR_SIM_EVENTS
 *       off       make no story (the default, and the fastest)
 *       record    keep it for nmr_sim_story, and for the report before the process is aborted
 *       print     write each event to standard error as it happens
 */
#ifndef NMR_SIM_H
#define NMR_SIM_H

#include "netiodef.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Chooses a setting of the worlds to come; the world of the process is one of those until it is first used. */
NTSTATUS NTAPI nmr_sim_set(const char *setting, const char *value);

/* Gives the process a new world and answers how many registrations are left in the old one. Handles of the old world
 * are bad handles from now on, and callbacks that run meanwhile end in the old one; nothing of it is detached. */
uint64_t NTAPI nmr_sim_reset(void);

/* The level that the calling thread stands for: PASSIVE_LEVEL at first. Callbacks run on the caller's thread, so they
 * run at its level; one that returns at another level breaks a rule, and so does a call of NMR that is made at a higher
 * level than documented. The first function answers the level that the thread had set before, so that it can be set
 * again; the second the one that the thread stands for, which is higher where detach-irql has raised it. */
KIRQL NTAPI nmr_sim_set_irql(KIRQL level);
KIRQL NTAPI nmr_sim_irql(void);

/* Makes the n-th call from here fail that may fail: NmrRegisterClient, NmrRegisterProvider and NmrClientAttachProvider
 * with STATUS_INSUFFICIENT_RESOURCES, nmr_sim_allocate with NULL, counted together from 1. With 0 none fails. A loop
 * over n until fewer than n calls were made walks through every failure. */
void NTAPI nmr_sim_fail_nth(uint64_t n);
uint64_t NTAPI nmr_sim_fallible_calls(void);

/* From here on what clients complete, or providers with FALSE, does not arrive: a peer that stalls, until the second
 * function lets it go on and answers how many completions there were; or one that never completes. */
void NTAPI nmr_sim_hold_completions(BOOLEAN clients);
uint64_t NTAPI nmr_sim_release_completions(BOOLEAN clients);

/* Memory for modules, zeroed: what ExAllocatePool2 and ExFreePool are to a driver; NULL if there is not so much, or the
 * call was to fail. NMR knows when a binding context, a dispatch table or a characteristics structure that lies in it may
 * be freed; freed memory is poisoned and watched. */
PVOID NTAPI nmr_sim_allocate(size_t size);
void NTAPI nmr_sim_free(PVOID memory);

/* How large, in bytes, the structures are that modules of an NPI show to each other, in the worlds to come: those that do
 * not change while they are shown; 0 for one that does. NMR then compares them with what they were. Without it only the
 * structures of netioddk.h are compared. */
NTSTATUS NTAPI nmr_sim_set_sizes(
    PNPIID npi,
    size_t client_characteristics,
    size_t client_dispatch,
    size_t provider_characteristics,
    size_t provider_dispatch);

/* How often the rule of that name was broken in this world, warnings included; NULL: any rule. */
uint64_t NTAPI nmr_sim_violations(const char *rule);

/* The text of the violation with that index, counted from 0: severity, rule, who broke it and how, and where it stands.
 * Written as snprintf does, and its length answered; 0 if there is none, or it was not kept. */
size_t NTAPI nmr_sim_violation_text(uint64_t index, char *buffer, size_t size);

/* What is left: registrations that were not waited for, bindings from the offer to the last cleanup, and blocks of
 * nmr_sim_allocate that were not freed. */
uint64_t NTAPI nmr_sim_registrations(void);
uint64_t NTAPI nmr_sim_bindings(void);
uint64_t NTAPI nmr_sim_allocations(void);

/* The module is unloaded now, or with NULL every module: each registration of it that is left breaks the rule
 * left-behind. Answers how many there are. */
uint64_t NTAPI nmr_sim_module_unloaded(PNPI_MODULEID module);

/* What happened, if the world records it: as "events", one line for each; as a sequence "diagram" in text, or one for
 * "mermaid"; or as "json". Written as snprintf does, and its length answered. */
size_t NTAPI nmr_sim_story(const char *form, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
