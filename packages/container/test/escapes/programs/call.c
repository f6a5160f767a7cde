/* Makes system calls without a library in between: call [64|32|x32] NUMBER ARGUMENT... [, NUMBER ARGUMENT...]...
 *
 * An argument is a number, or the address of something: text:CHARACTERS, hex:BYTES, room:LENGTH, list:NUMBER:NUMBER..., allow: (a filter that
 * lets everything through);
 * result:INDEX is what an earlier call gave. Each result is printed on a line, errors as negative numbers. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the program's own data, so that the addresses fit into the 32 bits of int 0x80. */
static char memory[1 << 16];
static char *next = memory;
static long results[64];
static int calls;

static long value(const char *text) {
  void *place = next;
  if (!strncmp(text, "text:", 5)) {
    strcpy(next, text + 5);
    next += strlen(next) + 1;
  } else if (!strncmp(text, "hex:", 4)) {
    for (text += 4; *text; text += 2) {
      char digits[3] = {text[0], text[1], 0};
      *next++ = (char)strtoul(digits, 0, 16);
    }
  } else if (!strncmp(text, "list:", 5)) {
    for (text += 5; *text;) {
      char *end;
      long one = strtol(text, &end, 0);
      memcpy(next, &one, 4);
      next += 4;
      text = *end ? end + 1 : end;
    }
  } else if (!strcmp(text, "allow:")) {
    static struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    static struct sock_fprog filter = {1, &allow};
    return (long)&filter;
  } else if (!strncmp(text, "room:", 5)) {
    next += strtoul(text + 5, 0, 0);
  } else if (!strncmp(text, "result:", 7)) {
    return results[atoi(text + 7)];
  } else {
    return text[0] == '-' ? strtol(text, 0, 0) : (long)strtoul(text, 0, 0);
  }
  next = memory + ((next - memory + 15) & ~15);
  return (long)place;
}

#ifdef __x86_64__
static long call(long number, const long *a) {
  long result;
  register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

/* The sixth argument would need rbp, and no test needs it. */
static long call32(long number, const long *a) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                   : "r8", "r9", "r10", "r11", "memory");
  return (int)result;
}
#else
static long call(long number, const long *a) {
  long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  extern int *__errno_location(void);
  return result == -1 ? -*__errno_location() : result;
}
#define call32 call
#endif

int main(int count, char **words) {
  const char *kind = words[1];
  int at = 2;
  pid_t self = getpid();
  while (at < count) {
    long arguments[7] = {0};
    int given = 0;
    for (; at < count && strcmp(words[at], ","); at++)
      if (given < 7) arguments[given++] = value(words[at]);
    at++;
    long number = arguments[0];
    if (!strcmp(kind, "x32")) number |= 0x40000000;
    long result = strcmp(kind, "32") ? call(number, arguments + 1) : call32(number, arguments + 1);
    /* A child that was made by the call itself. */
    if (getpid() != self) _exit(0);
    results[calls++] = result;
    printf("%ld\n", result);
    fflush(stdout);
  }
  return 0;
}
