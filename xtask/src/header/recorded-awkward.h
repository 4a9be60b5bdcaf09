/**
 * The contracts of awkward, for modules in C11 or C++17.
 *
 * A contract that has one of everything.
 *
 * Made by `cargo xtask header awkward` from the Rust contracts: change those, not this file.
 * Include <ntddk.h> or <wdm.h> first in a kernel driver.
 */
#ifndef AWKWARD_H
#define AWKWARD_H

#include <stddef.h>
#include <stdint.h>
#include <netioddk.h>

#ifndef NPI_LAYOUT
#if !defined(_WIN64) && !defined(__LP64__)
#define NPI_LAYOUT(what) struct npi_layout_is_of_64_bits
#elif defined(__cplusplus)
#define NPI_LAYOUT(what) static_assert(what, #what)
#elif defined(C_ASSERT)
#define NPI_LAYOUT(what) C_ASSERT(what)
#else
#define NPI_LAYOUT(what) _Static_assert(what, #what)
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Awkward keeps entries.
 *
 * It is here to be difficult: by-reference buffers, callbacks at DISPATCH_LEVEL, optional functions, two versions.
 *
 * NPI {0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d60}.
 */
static const GUID AWKWARD_NPI_ID = { 0x0b9a6e0c, 0x0c1d, 0x4a57, { 0x8b, 0x0a, 0x4b, 0x8e, 0x4f, 0x7c, 0x1d, 0x60 } };

/** The newest version of the contract, and the oldest that is spoken. */
#define AWKWARD_NPI_VERSION 2
#define AWKWARD_NPI_OLDEST_VERSION 1

/** How many pages there are. */
#define AWKWARD_PAGES 4

/** What sort of entry it is. */
typedef uint32_t AWKWARD_KIND;

/** A file. */
#define AWKWARD_KIND_FILE ((AWKWARD_KIND)1)
/** A link. */
#define AWKWARD_KIND_LINK ((AWKWARD_KIND)0x2)

/** An entry. */
typedef struct _AWKWARD_ENTRY {
    /** By which it is found. */
    uint64_t key;
    /** What it is. */
    AWKWARD_KIND kind;
    /** Three of them. */
    uint16_t tags[3];
} AWKWARD_ENTRY;
NPI_LAYOUT(sizeof(AWKWARD_ENTRY) == 24);
NPI_LAYOUT(offsetof(AWKWARD_ENTRY, key) == 0);
NPI_LAYOUT(offsetof(AWKWARD_ENTRY, kind) == 8);
NPI_LAYOUT(offsetof(AWKWARD_ENTRY, tags) == 12);

/** Whether something is so; C's `BOOLEAN`. */
typedef uint8_t AWKWARD_BOOLEAN;

/**
 * What a provider of Awkward is.
 *
 * NpiSpecificCharacteristics of a provider.
 */
typedef struct _AWKWARD_PROVIDER_CHARACTERISTICS {
    /** 1. */
    uint16_t version;
    /** The size of the structure, in bytes. */
    uint16_t size;
    /** Where it keeps entries. */
    GUID site;
    /** How many it keeps. */
    uint32_t room;
    /** Four small ones. */
    uint8_t letters[4];
} AWKWARD_PROVIDER_CHARACTERISTICS;
NPI_LAYOUT(sizeof(AWKWARD_PROVIDER_CHARACTERISTICS) == 28);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_CHARACTERISTICS, site) == 4);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_CHARACTERISTICS, room) == 20);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_CHARACTERISTICS, letters) == 24);

/**
 * Writes `data` to the page, and answers how much it was.
 *
 * Errors:
 * STATUS_INVALID_PARAMETER for a page that there is not.
 *
 * IRQL = PASSIVE_LEVEL.
 */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_WRITE_FN)(void *provider_binding_context, uint32_t page, const uint8_t *data, size_t data_length, size_t *result);

/**
 * Reads the page, as much as there is room for, and answers how much it was.
 *
 * IRQL = PASSIVE_LEVEL.
 */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_READ_FN)(void *provider_binding_context, uint32_t page, uint8_t *buffer, size_t buffer_length, size_t *result);

/** Keeps an entry. */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_PUT_FN)(void *provider_binding_context, const AWKWARD_ENTRY *entry);

/** Fills in the entry with its key. */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_LOOK_UP_FN)(void *provider_binding_context, AWKWARD_ENTRY *entry, AWKWARD_BOOLEAN *result);

/** The entry that was put first. */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_FIRST_FN)(void *provider_binding_context, AWKWARD_ENTRY *result);

/**
 * Makes room. A provider may be without it.
 *
 * IRQL = PASSIVE_LEVEL.
 */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_COMPACT_FN)(void *provider_binding_context, uint8_t level, uint64_t *result);

/** The sum of the keys. */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_SUM_FN)(void *provider_binding_context, const AWKWARD_ENTRY *entries, size_t entries_length, uint64_t *result);

/** The status of the site. */
typedef NTSTATUS (NTAPI *AWKWARD_PROVIDER_STATUS_FN)(void *provider_binding_context, GUID site, NTSTATUS *result);

/**
 * What a provider of Awkward serves.
 *
 * The dispatch table of a provider.
 */
typedef struct _AWKWARD_PROVIDER_DISPATCH {
    /** 2. */
    uint16_t version;
    /** The size of the structure, in bytes. */
    uint16_t size;
    AWKWARD_PROVIDER_WRITE_FN write;
    AWKWARD_PROVIDER_READ_FN read;
    AWKWARD_PROVIDER_PUT_FN put;
    AWKWARD_PROVIDER_LOOK_UP_FN look_up;
    AWKWARD_PROVIDER_FIRST_FN first;
    /** May be NULL. */
    AWKWARD_PROVIDER_COMPACT_FN compact;
    /** Since version 2. */
    AWKWARD_PROVIDER_SUM_FN sum;
    /** Since version 2. */
    AWKWARD_PROVIDER_STATUS_FN status;
} AWKWARD_PROVIDER_DISPATCH;
NPI_LAYOUT(sizeof(AWKWARD_PROVIDER_DISPATCH) == 72);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, write) == 8);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, read) == 16);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, put) == 24);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, look_up) == 32);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, first) == 40);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, compact) == 48);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, sum) == 56);
NPI_LAYOUT(offsetof(AWKWARD_PROVIDER_DISPATCH, status) == 64);

/**
 * Something has arrived; called from a DPC.
 *
 * IRQL = DISPATCH_LEVEL.
 */
typedef NTSTATUS (NTAPI *AWKWARD_CLIENT_ARRIVED_FN)(void *client_binding_context, uint32_t count);

/**
 * Something has passed.
 *
 * IRQL <= DISPATCH_LEVEL.
 */
typedef void (NTAPI *AWKWARD_CLIENT_PASSED_FN)(void *client_binding_context, uint32_t count);

/** Names the client. A client may be without it. */
typedef NTSTATUS (NTAPI *AWKWARD_CLIENT_RENAME_FN)(void *client_binding_context, const uint8_t *name, size_t name_length);

/**
 * What a client of Awkward serves.
 *
 * The dispatch table of a client.
 */
typedef struct _AWKWARD_CLIENT_DISPATCH {
    /** 2. */
    uint16_t version;
    /** The size of the structure, in bytes. */
    uint16_t size;
    AWKWARD_CLIENT_ARRIVED_FN arrived;
    AWKWARD_CLIENT_PASSED_FN passed;
    /** May be NULL. */
    AWKWARD_CLIENT_RENAME_FN rename;
} AWKWARD_CLIENT_DISPATCH;
NPI_LAYOUT(sizeof(AWKWARD_CLIENT_DISPATCH) == 32);
NPI_LAYOUT(offsetof(AWKWARD_CLIENT_DISPATCH, arrived) == 8);
NPI_LAYOUT(offsetof(AWKWARD_CLIENT_DISPATCH, passed) == 16);
NPI_LAYOUT(offsetof(AWKWARD_CLIENT_DISPATCH, rename) == 24);

#ifdef __cplusplus
}
#endif

#endif /* AWKWARD_H */
