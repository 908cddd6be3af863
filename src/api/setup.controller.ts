import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Authenticator, type SetupState } from '../auth/authenticator.js';
import { SetUp } from '../commands/auth/set-up.js';
import type { Request } from '../commands/request.js';
import { Asked } from './caller.js';
import { CommPrefsInput, Setup, setupWish } from './dto/setup.js';
import { JsonBody } from './json-body.js';
import { KEY_PAIR, SETUP_STATE } from './openapi/answer-schemas.js';
import { Serves } from './serves.js';
import { keyPairJson } from './wire.js';

@Controller()
export class SetupController {
  constructor(
    private readonly commands: CommandBus,
    private readonly authenticator: Authenticator,
  ) {}

  @Serves('getSetupState', { answers: SETUP_STATE })
  async state() {
    return setupJson(await this.authenticator.setupState());
  }

  @Serves('setup', { answers: KEY_PAIR, refuses: ['already_initialized'] })
  @HttpCode(200)
  async setup(@JsonBody(Setup) body: Setup, @Asked() asked: Request) {
    return keyPairJson(await this.commands.execute(new SetUp(setupWish(body), asked)));
  }

  @Serves('setupCommPrefs', {})
  @HttpCode(200)
  setupCommPrefs(@JsonBody(CommPrefsInput) _body: CommPrefsInput): void {}
}

function setupJson({ isInitialized }: SetupState) {
  return {
    state: isInitialized ? 'initialized' : 'not_initialized',
    comm_prefs_missing: false,
    login_config: {
      RBAC: 'none',
      login_url: '',
      login_url_method: 'none',
      login_failed_message: "The credentials don't match.",
      login_cookie_names: ['internal_auth_session'],
      logout_url: '',
    },
  };
}
