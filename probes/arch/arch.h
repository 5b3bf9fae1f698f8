/* What depends on the machine: its registers, instructions and addresses. One file per architecture, of
 * which the build compiles one. */
#ifndef GORETAIN_PROBES_ARCH_ARCH_H
#define GORETAIN_PROBES_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARCH_REGISTERS 33

/* A thread's general registers, in an order of the architecture's own, for conservative reading. */
struct arch_registers {
	uint64_t pc, sp;
	uint64_t tls;              /* thread pointer */
	uint64_t g;                /* the register that holds the current g in Go code */
	uint64_t general[ARCH_REGISTERS];
	uint32_t n_general;
};

extern const char *const arch_name;        /* as Go spells it: "amd64" */
extern const uint16_t arch_elf_machine;    /* e_machine of its ELF files */
extern const uint32_t arch_address_bits;   /* of a program's addresses */
extern const uint32_t arch_pc_quantum;     /* smallest instruction */

/* The instruction that enters the kernel. */
struct arch_instruction { uint8_t length, bytes[4]; };
extern const struct arch_instruction arch_syscall;

/* Where in a signal handler's ucontext_t stand the alternate stack (stack_t) and what was
 * interrupted: N_REGISTERS general registers of 8 bytes, the stack pointer, the pc. */
struct arch_ucontext { uint32_t stack, sp, pc, registers, n_registers; };
extern const struct arch_ucontext arch_ucontext;

/* The registers of a thread that this process holds by ptrace. False with errno set. */
bool arch_read_registers(pid_t tid, struct arch_registers *out);

/* The registers in a set of SIZE bytes as a core file's NT_PRSTATUS has it; the thread pointer only
 * where it is one of them. False if it is not of that size. */
bool arch_decode_registers(const void *set, size_t size, struct arch_registers *out);

#endif
