import { Controller, Get, HttpCode } from '@nestjs/common';
import { Authenticator } from '../auth/authenticator.js';
import { Serves } from './serves.js';

@Controller()
export class HealthController {
  constructor(private readonly authenticator: Authenticator) {}

  @Serves('healthCheck', {})
  @HttpCode(204)
  check(): void {}

  /** The process is alive. */
  @Get('_health')
  alive(): string {
    return 'alive!';
  }

  /** The process is able: its store answers. */
  @Get('readyz')
  async ready(): Promise<string> {
    await this.authenticator.setupState();
    return 'ready';
  }
}
