/* Reads a profile, one word list a line, and writes libseccomp's filter for it to standard output.
 *
 *   default ACTION             first of all
 *   arch NAME                  x86_64, x86, x32, aarch64, arm; in addition to the machine's own unless `only` came before
 *   only NAME                  this architecture in place of the machine's own
 *   rule ACTION CALL [INDEX OP A B]...
 *
 * ACTION is the number of SCMP_ACT_*, OP the number of enum scmp_compare. Rules that libseccomp refuses are reported on
 * standard error and left out. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *word(char **rest) { return strtok_r(NULL, " \n", rest); }

static unsigned long long number(char **rest) {
  char *text = word(rest);
  return text ? strtoull(text, NULL, 0) : 0;
}

static void check(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", what, strerror(-result));
  exit(1);
}

int main(void) {
  char line[4096], shown[4096];
  scmp_filter_ctx filter = NULL;
  while (fgets(line, sizeof line, stdin)) {
    char *rest;
    strcpy(shown, line);
    char *kind = strtok_r(line, " \n", &rest);
    if (!kind) continue;
    if (!strcmp(kind, "default")) {
      filter = seccomp_init(number(&rest));
      if (!filter) return 1;
    } else if (!strcmp(kind, "only")) {
      uint32_t arch = seccomp_arch_resolve_name(word(&rest));
      if (arch != seccomp_arch_native()) {
        check(seccomp_arch_add(filter, arch), shown);
        check(seccomp_arch_remove(filter, SCMP_ARCH_NATIVE), shown);
      }
    } else if (!strcmp(kind, "arch")) {
      int result = seccomp_arch_add(filter, seccomp_arch_resolve_name(word(&rest)));
      if (result != -EEXIST) check(result, shown);
    } else if (!strcmp(kind, "rule")) {
      uint32_t action = number(&rest);
      int call = seccomp_syscall_resolve_name(word(&rest));
      struct scmp_arg_cmp conditions[6];
      unsigned count = 0;
      for (char *index; count < 6 && (index = word(&rest)); count++) {
        conditions[count].arg = strtoul(index, NULL, 0);
        conditions[count].op = number(&rest);
        conditions[count].datum_a = number(&rest);
        conditions[count].datum_b = number(&rest);
      }
      if (call == __NR_SCMP_ERROR) continue;
      int result = seccomp_rule_add_array(filter, action, call, count, conditions);
      if (result < 0) fprintf(stderr, "refused (%s): %s", strerror(-result), shown);
    }
  }
  if (!filter) return 1;
  check(seccomp_export_bpf(filter, 1), "export");
  return 0;
}
