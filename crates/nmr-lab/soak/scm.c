// Loads and unloads drivers as a script says, through the service control manager, without a process for each.
//
//   scm.exe <script> <end>      one command a line: `start <service>`, `stop <service>`, `pause <milliseconds>`
//
// Ends with 0 when all is done or the file <end> is there, with 1 at the first command that fails, and says which.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

// In this state by then, or it counts as hung.
#define LIMIT_MS 60000

static DWORD reach(SC_HANDLE service, DWORD wanted) {
    DWORD begin = GetTickCount();
    for (;;) {
        SERVICE_STATUS status;
        if (!QueryServiceStatus(service, &status)) {
            return GetLastError();
        }
        if (status.dwCurrentState == wanted) {
            return 0;
        }
        if (GetTickCount() - begin > LIMIT_MS) {
            return ERROR_SERVICE_REQUEST_TIMEOUT;
        }
        Sleep(1);
    }
}

static DWORD run(SC_HANDLE manager, const char *verb, const char *name) {
    SERVICE_STATUS status;
    DWORD error = 0;
    SC_HANDLE service;
    if (strcmp(verb, "pause") == 0) {
        Sleep(atoi(name));
        return 0;
    }
    service = OpenServiceA(manager, name, SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS);
    if (!service) {
        return GetLastError();
    }
    if (strcmp(verb, "start") == 0) {
        error = StartServiceA(service, 0, NULL) ? reach(service, SERVICE_RUNNING) : GetLastError();
    } else {
        error = ControlService(service, SERVICE_CONTROL_STOP, &status) ? reach(service, SERVICE_STOPPED) : GetLastError();
    }
    CloseServiceHandle(service);
    return error;
}

int main(int count, char **words) {
    char verb[16], name[64];
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    FILE *script = count == 3 ? fopen(words[1], "r") : NULL;
    if (!manager || !script) {
        printf("cannot begin: error %lu\n", GetLastError());
        return 1;
    }
    while (fscanf(script, "%15s %63s", verb, name) == 2) {
        DWORD error;
        if (GetFileAttributesA(words[2]) != INVALID_FILE_ATTRIBUTES) {
            return 0;
        }
        error = run(manager, verb, name);
        if (error) {
            printf("%s %s: error %lu\n", verb, name, error);
            return 1;
        }
    }
    return 0;
}
