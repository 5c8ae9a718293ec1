#!/usr/bin/python3
"""banned.py [ROOT]: calls that are not made here. What writes or reads strings without knowing
where they end, nowhere; what threads share behind our back, nowhere in the library; the allocator
and the kernel, there in src/sys only; what asks the compiler whether a number overflows, there in
base/number.h only, beside a twin that is proved."""
import re
import sys

import source

EVERYWHERE = """
    strcpy strncpy stpcpy stpncpy strcat strncat sprintf vsprintf sscanf vsscanf scanf fscanf
    strtok strtok_r atoi atol atoll atof gets alloca __builtin_alloca asctime ctime
""".split()
LIBRARY_WIDE = "gmtime localtime strerror setenv putenv rand srand longjmp setjmp".split()
OUTSIDE_SYS = """
    malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf getline
    aligned_alloc posix_memalign memalign mmap munmap mremap madvise
    read write pread pwrite readv writev preadv pwritev preadv2 pwritev2 open openat openat2 creat
    close close_range dup dup2 dup3 pipe pipe2 lseek ftruncate fcntl ioctl fsync unlink unlinkat
    rename renameat mkdir mkdirat stat fstat lstat fstatat statx access faccessat readlink
    readlinkat opendir fdopendir readdir getdents64 realpath sendfile splice copy_file_range
    socket socketpair bind listen accept accept4 connect recv recvfrom recvmsg recvmmsg send
    sendto sendmsg sendmmsg shutdown setsockopt getsockopt getsockname getpeername getaddrinfo
    getnameinfo epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 poll ppoll
    select pselect eventfd eventfd_read eventfd_write timerfd_create timerfd_settime signalfd
    inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
    clock_gettime clock_nanosleep gettimeofday time clock nanosleep sleep usleep
    getrandom getentropy random syscall isatty getrlimit setrlimit prlimit sysconf
    sched_getaffinity sched_setaffinity fork vfork execve execv execvp waitpid wait kill raise
    sigaction signal sigwaitinfo sigtimedwait sigprocmask pthread_sigmask
    pthread_create pthread_join pthread_detach pthread_kill
    fopen fdopen fclose fread fwrite fgets fputs fprintf printf puts getenv secure_getenv exit
""".split()
OUTSIDE_NUMBER = [r"__builtin_[us]?(?:add|sub|mul)l{0,2}_overflow(?:_p)?"]
# Brotli's encoder ends the process where its allocator returns NULL; the one way around that is not to
# return (docs/design/0013).
EXCEPTIONS = {"src/kit/encoder_br_brotli.c": ["longjmp", "setjmp"]}
LIBRARY = ["src", "include"]
PROGRAMS = ["cmd", "examples", "tests"]


def pattern(names):
    """A call of one of them: not a member's, not a declaration of a member."""
    return re.compile(r"(?<![\w.])(?<!->)(" + "|".join(names) + r")\s*\(")


def check_file(root, path, banned):
    for number, line in enumerate(source.code_lines(source.read(root, path)), 1):
        for match in banned.finditer(line):
            yield path, number, f"{match.group(1)} is not called here"


def check(root):
    findings = []
    for path in source.files(root, LIBRARY):
        in_seam = path.startswith("src/sys/")
        names = EVERYWHERE + LIBRARY_WIDE + ([] if in_seam else OUTSIDE_SYS)
        names += [] if path == "src/base/number.h" else OUTSIDE_NUMBER
        names = [name for name in names if name not in EXCEPTIONS.get(path, [])]
        findings += check_file(root, path, pattern(names))
    for path in source.files(root, PROGRAMS):
        findings += check_file(root, path, pattern(EVERYWHERE + OUTSIDE_NUMBER))
    return findings


if __name__ == "__main__":
    sys.exit(source.report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
