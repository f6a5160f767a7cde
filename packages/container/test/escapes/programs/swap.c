/* Exchanges two names again and again, until it is told to end: swap ONE OTHER. Prints how often. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t on = 1;
static void end(int signal) { on = 0; }

int main(int count, char **names) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  signal(SIGTERM, end);
  long swaps = 0;
  puts("ready");
  fflush(stdout);
  while (on) {
    if (renameat2(AT_FDCWD, names[1], AT_FDCWD, names[2], RENAME_EXCHANGE) == 0) swaps++;
    /* Without a pause the directory would be locked nearly all the time, and few attempts would be made. */
    usleep(20);
  }
  printf("%ld\n", swaps);
  return 0;
}
