// Numbers for peers that do not always do the same.

// A number below the limit.
static ULONG draw(ULONG limit) {
    static volatile LONG64 state = 88172645463325252LL;
    ULONGLONG x = InterlockedAdd64(&state, 0x9e3779b97f4a7c15LL);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return (ULONG)((x ^ (x >> 31)) >> 33) % limit;
}
