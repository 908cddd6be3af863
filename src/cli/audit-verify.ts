import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';

export const auditVerify: CliCommand = {
  name: 'audit verify',
  summary: 'Compare the index of the audit with the log.',
  options: {
    repair: {
      type: 'boolean',
      help: 'write anew what differs; servers that run have to be started again',
    },
  },

  run({ repair }, { inForce, out, progress, withAudit }) {
    return withAudit(inForce.config, async (audit) => {
      const bar = progress('compared');
      const verified = await audit.verify({ repairs: repair === true }, ({ count, part }) =>
        bar.show(count, part),
      );
      bar.end();
      const { events, summaries, faults } = verified;
      out.row({ events, summaries, differing: faults.length });
      for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) out.row({ ...fault });
      return faults.length === 0 || repair === true ? ExitCode.ok : ExitCode.differs;
    });
  },
};

const FAULTS_SHOWN_MAX = 20;
