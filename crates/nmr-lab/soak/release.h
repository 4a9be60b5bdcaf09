// The file by which a lab tells peers to go on.

// Whether somebody has made the file that lets everything go on.
static BOOLEAN release_is_there(VOID) {
    HANDLE handle;
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK status;
    NTSTATUS opened;
    RtlInitUnicodeString(&name, L"\\??\\C:\\lab\\release");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    opened = ZwCreateFile(&handle, GENERIC_READ, &attributes, &status, NULL, 0, 7, FILE_OPEN, 0, NULL, 0);
    if (NT_SUCCESS(opened)) {
        ZwClose(handle);
    }
    return NT_SUCCESS(opened);
}
