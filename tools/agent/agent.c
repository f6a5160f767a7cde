/* The agent: the only code of Coracle that runs in a container-to-be. It reads a message (a list of system calls and
   their data) from its socket, makes the calls in order, writes the results back, and reads the next message. It knows
   nothing of containers; every decision is taken by the program that sends the messages.
   packages/syscalls/src/message.ts is the other half and describes the wire format. */
#include "arch.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

enum { NOT_MADE = -125, SOCKET = 3, LIMIT = 4 << 20, MAGIC = 0x4c435243, REAP_CHILDREN = 0xffff, TOLERATE_ANY = 0xff };
enum { PARENT = 1, CHILD = 2, TRY_AGAIN = -11, NO_SOCKET = -9, CANNOT_EXECUTE = 126 };

struct call { u16 number; u8 references, only, tolerate[4]; u64 args[6]; };
struct message {
	u64 checksum;
	u32 magic, length, count, cleanup, report, report_length;
	struct call calls[];
};

/* The linker script puts the buffer at the address that message.ts calls AGENT_BUFFER: pointers arrive ready for use. */
__attribute__((section(".buffer"))) static union { u8 bytes[LIMIT]; struct message message; } buffer;

/* A system call filter may forbid even the exit; an illegal instruction it can't. */
static _Noreturn void leave(long status)
{
	system_call(NR_exit_group, status, 0, 0, 0, 0, 0);
	__builtin_trap();
}

/* /proc/self/exe is the agent until the program of a container runs: what is a link to it, or a script for it, comes out here. */
static const char REFUSAL[] = "coracle: /proc/self/exe is no program of the container\n";

/* Reads exactly so many bytes; an end of file, before or amid them, is the end of the agent. */
static void receive(u8 *to, u64 length)
{
	while (length > 0) {
		long got = system_call(NR_read, SOCKET, (u64)to, length, 0, 0, 0);
		if (got == NO_SOCKET)
			system_call(NR_write, 2, (u64)REFUSAL, sizeof(REFUSAL) - 1, 0, 0, 0);
		if (got <= 0)
			leave(got == NO_SOCKET ? CANNOT_EXECUTE : got != 0);
		to += got;
		length -= got;
	}
}

/* Writes with sendto, since MSG_NOSIGNAL turns a caller that is gone into an errno. An agent that can't be heard ends, so
   that its caller waits no longer: the filter it put before itself may forbid to send. */
static void reply(const u8 *from, u64 length)
{
	while (length > 0) {
		long sent = system_call(NR_sendto, SOCKET, (u64)from, length, 0x4000, 0, 0);
		if (sent <= 0)
			leave(1);
		from += sent;
		length -= sent;
	}
}

/* Whether every number in the message stays inside the message: nothing is run of one that does not hold together. */
static int is_sound(const struct message *m)
{
	const u32 *words = (const u32 *)m;
	u32 sum = 0;
	for (u32 i = 2; i < m->length / 4; i++)
		if (words[i])
			sum = ((sum << 7 | sum >> 25) ^ words[i]) + i;
	u64 calls_end = sizeof(*m) + (u64)m->count * sizeof(struct call);
	if (m->report % 8 || m->report < calls_end || (u64)m->report + m->report_length > m->length ||
	    m->report_length % 8 || (u64)m->count * 8 > m->report_length || m->checksum != sum)
		return 0;
	for (u32 i = 0; i < m->count; i++)
		for (int n = 0; n < 8; n++)
			if (m->calls[i].references >> n & 1 && (n > 5 || m->calls[i].args[n] >= i))
				return 0;
	return 1;
}

/* The rest of an init's life (it never returns): hands every signal on to the main child, buries every orphan, and ends
   with the child's status. The caller has blocked all signals and closed the socket. */
static _Noreturn void reap_children(long child)
{
	u64 all = ~0ul;
	for (;;) {
		for (;;) {
			int status = 0;
			long ended = system_call(NR_wait4, -1, (u64)&status, 1, 0, 0, 0);
			if (ended <= 0)
				break;
			if (ended == child)
				leave(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
		}
		long signal = system_call(NR_rt_sigtimedwait, (u64)&all, 0, 0, sizeof(all), 0, 0);
		if (signal > 0 && signal != 17)
			system_call(NR_kill, child, signal, 0, 0, 0, 0);
	}
}

static int is_tolerated(const struct call *call, long result)
{
	for (int n = 0; n < 4; n++)
		if (call->tolerate[n] == TOLERATE_ANY || (call->tolerate[n] && call->tolerate[n] == -result))
			return 1;
	return 0;
}

/* Makes one call; an argument that refers to a failed call passes the failure on instead. */
static long make(const struct call *call, const long *results, int *tolerated)
{
	u64 args[6];
	for (int n = 0; n < 6; n++) {
		args[n] = call->args[n];
		if (call->references >> n & 1) {
			args[n] = results[call->args[n]];
			if ((long)args[n] < 0) {
				*tolerated = 1;
				return args[n];
			}
		}
	}
	if (call->number == REAP_CHILDREN)
		reap_children(args[0]);
	/* While anything is moved anywhere, the kernel may not be sure where `..` leads, and asks to be called again. */
	for (int attempts = 1000;; attempts--) {
		long result = system_call(call->number, args[0], args[1], args[2], args[3], args[4], args[5]);
		if (result != TRY_AGAIN || call->number != NR_openat2 || attempts == 0)
			return result;
	}
}

static void run(struct message *m)
{
	long *results = (long *)(buffer.bytes + m->report);
	int self = PARENT;
	for (u32 i = 0; i < m->report_length / 8; i++)
		results[i] = i < m->count ? NOT_MADE : 0;
	for (u32 i = 0; i < m->count; i++) {
		const struct call *call = &m->calls[i];
		if (call->only && call->only != self)
			continue;
		int tolerated = 0;
		results[i] = make(call, results, &tolerated);
		if (call->number == NR_clone3 && results[i] == 0)
			self = CHILD;
		if (results[i] < 0 && !tolerated && !is_tolerated(call, results[i]) && i < m->cleanup)
			i = m->cleanup - 1;
	}
}

_Noreturn void agent(void)
{
	struct message *m = &buffer.message;
	for (;;) {
		receive(buffer.bytes, sizeof(*m));
		if (m->magic != MAGIC || m->length < sizeof(*m) || m->length > LIMIT || m->length % 8)
			leave(1);
		receive(buffer.bytes + sizeof(*m), m->length - sizeof(*m));
		if (!is_sound(m))
			leave(1);
		run(m);
		reply(buffer.bytes + m->report, m->report_length);
	}
}
