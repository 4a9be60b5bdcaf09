/* The contract between counter_client.c and counter_provider.c: an NPI as both sides know it. */
#ifndef COUNTER_H
#define COUNTER_H

#include "netioddk.h"

/* {7C3E0F6A-4B52-4D19-8F0B-2D9A6E31C5A1} */
DEFINE_GUID(NPI_COUNTER_ID, 0x7c3e0f6a, 0x4b52, 0x4d19, 0x8f, 0x0b, 0x2d, 0x9a, 0x6e, 0x31, 0xc5, 0xa1);

/* What a provider offers. */
typedef struct COUNTER_PROVIDER_DISPATCH {
    /* Adds to the provider's counter, and answers its new value. */
    uint64_t (*Add)(PVOID provider_binding_context, uint64_t amount);
    /* Answers when the provider's gate is open: a call that takes its time. */
    uint64_t (*AddSlowly)(PVOID provider_binding_context, uint64_t amount);
} COUNTER_PROVIDER_DISPATCH;

/* What a client offers. */
typedef struct COUNTER_CLIENT_DISPATCH {
    /* Somebody has added. */
    void (*Changed)(PVOID client_binding_context, uint64_t value);
} COUNTER_CLIENT_DISPATCH;

#endif
