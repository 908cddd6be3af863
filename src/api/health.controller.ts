import { Controller, Get, HttpCode, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Authenticator } from '../auth/authenticator.js';
import { type ReadyReport, reportOf } from './readiness.js';
import { Serves } from './serves.js';
import { EdgeSettings } from './settings.js';

@Controller()
export class HealthController {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly settings: EdgeSettings,
  ) {}

  @Serves('healthCheck', {})
  @HttpCode(204)
  check(): void {}

  /** The process is alive. */
  @Get('_health')
  alive(): string {
    return 'alive!';
  }

  /** Whether requests should be sent here, and if not, why. */
  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyReport> {
    const report = await (this.settings.ready?.() ?? reportOf([this.#views()]));
    if (report.status !== 'ready') void reply.status(503);
    return report;
  }

  #views() {
    return { name: 'views', check: () => this.authenticator.setupState() };
  }
}
