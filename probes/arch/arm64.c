/* arm64: its registers, as the kernel and as Go have them. */
#include "probes/arch/arch.h"

#include <elf.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <ucontext.h>

#define G_REGISTER 28 /* Go's internal ABI, Go 1.26 src/cmd/compile/abi-internal.md */

const char *const arch_name = "arm64";
const uint16_t arch_elf_machine = EM_AARCH64;
const uint32_t arch_address_bits = 48;
const uint32_t arch_pc_quantum = 4;
const struct arch_instruction arch_syscall = { 4, { 0x01, 0x00, 0x00, 0xd4 } }; /* svc 0 */
const struct arch_ucontext arch_ucontext = {
	.stack = offsetof(ucontext_t, uc_stack),
	.sp = offsetof(ucontext_t, uc_mcontext.sp),
	.pc = offsetof(ucontext_t, uc_mcontext.pc),
	.registers = offsetof(ucontext_t, uc_mcontext.regs), .n_registers = 31,
};

bool arch_decode_registers(const void *set, size_t size, struct arch_registers *out)
{
	struct user_regs_struct r;

	if (size != sizeof r)
		return false;
	memcpy(&r, set, sizeof r);
	*out = (struct arch_registers){
		.pc = r.pc, .sp = r.sp, .g = r.regs[G_REGISTER], .n_general = 31,
	};
	memcpy(out->general, r.regs, sizeof r.regs);
	return true;
}

bool arch_read_registers(pid_t tid, struct arch_registers *out)
{
	struct user_regs_struct r;
	uint64_t tls = 0;
	struct iovec set = {&r, sizeof r}, tls_set = {&tls, sizeof tls};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &set) != 0 ||
	    ptrace(PTRACE_GETREGSET, tid, NT_ARM_TLS, &tls_set) != 0)
		return false;
	arch_decode_registers(&r, sizeof r, out);
	out->tls = tls;
	return true;
}
