/* x86-64: its registers, as the kernel and as Go have them. */
#include "probes/arch/arch.h"

#include <elf.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <ucontext.h>

const char *const arch_name = "amd64";
const uint16_t arch_elf_machine = EM_X86_64;
const uint32_t arch_address_bits = 47;
const uint32_t arch_pc_quantum = 1;
const struct arch_instruction arch_syscall = { 2, { 0x0f, 0x05 } };
const struct arch_ucontext arch_ucontext = {
	.stack = offsetof(ucontext_t, uc_stack),
	.sp = offsetof(ucontext_t, uc_mcontext.gregs[REG_RSP]),
	.pc = offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP]),
	.registers = offsetof(ucontext_t, uc_mcontext.gregs[REG_R8]),
	.n_registers = REG_RIP - REG_R8,
};

bool arch_decode_registers(const void *set, size_t size, struct arch_registers *out)
{
	struct user_regs_struct r;

	if (size != sizeof r)
		return false;
	memcpy(&r, set, sizeof r);
	*out = (struct arch_registers){
		.pc = r.rip, .sp = r.rsp, .tls = r.fs_base,
		.g = r.r14, /* Go's internal ABI, Go 1.26 src/cmd/compile/abi-internal.md */
		.general = {r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp, r.rsp,
			    r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15},
		.n_general = 16,
	};
	return true;
}

bool arch_read_registers(pid_t tid, struct arch_registers *out)
{
	struct user_regs_struct r;
	struct iovec set = {&r, sizeof r};

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &set) == 0 &&
	       arch_decode_registers(&r, sizeof r, out);
}
