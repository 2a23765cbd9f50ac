"""cvc5 as a second solver, run as a script: the query on stdin, the limit in seconds of CPU time as its only argument.

It has a process of its own because cvc5's time limit does not reach into its algebra, which may run for ever and hears no
Ctrl-C; the operating system ends that process. The limit is CPU time, so that a busy machine does not change an answer.
"""

import functools
import signal
import subprocess
import sys


@functools.cache
def second_answer(query: str, limit_s: int) -> str:
    """What cvc5 answers to `query` (SMT-LIB, one check-sat): unsat, sat, or unknown, as where the limit ended it.

    Raises RuntimeError where cvc5 cannot be run or does not understand the query.
    """
    command = [sys.executable, "-P", __file__, str(limit_s)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            answer, complaint = process.communicate(query)
        finally:  # Ctrl-C
            process.kill()
            process.wait()
    if process.returncode == -signal.SIGXCPU:
        return "unknown"
    if process.returncode != 0:
        reason = (complaint.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
        raise RuntimeError(f"query={query!r}: cvc5 gave no answer: {reason}; use names that SMT-LIB does not reserve")
    return answer.split()[0]


def _answer(query: str) -> str:
    import cvc5  # here, since the process that asks does not need it

    solver = cvc5.Solver()
    solver.setLogic("QF_NRA")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, query, "query")
    symbols = parser.getSymbolManager()
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer += command.invoke(solver, symbols)
    return answer


if __name__ == "__main__":
    import resource  # here, since Unix alone has it

    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), resource.RLIM_INFINITY))
    print(_answer(sys.stdin.read()))
