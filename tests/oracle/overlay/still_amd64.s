// A clock_gettime, called as C functions are, that hardly moves: a microsecond a call, so that what
// waits for a moment in the near future does not wait for ever. Each call freezes the scheduler.

#include "textflag.h"

TEXT oracle·clock<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	·oracleFrozen(SB), AX
	MOVB	$1, (AX)
	MOVQ	$1000, AX
	LOCK
	XADDQ	AX, ·oracleTime+8(SB)
	MOVQ	·oracleTime(SB), CX
	MOVQ	CX, 0(SI)
	MOVQ	AX, 8(SI)
	XORL	AX, AX
	RET

DATA ·oracleStillClock(SB)/8, $oracle·clock<>(SB)
GLOBL ·oracleStillClock(SB), NOPTR, $8

DATA ·oracleClock(SB)/8, $runtime·vdsoClockgettimeSym(SB)
GLOBL ·oracleClock(SB), NOPTR, $8

DATA ·oracleSched(SB)/8, $runtime·sched(SB)
GLOBL ·oracleSched(SB), NOPTR, $8

DATA ·oraclePools(SB)/8, $sync·oldPools(SB)
GLOBL ·oraclePools(SB), NOPTR, $8
