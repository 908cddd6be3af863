import { Controller, Get, HttpCode, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Authenticator } from '../auth/authenticator.js';
import { clientOf, type EdgeRequest } from './caller.js';
import { LoginInformation } from './dto/login-information.js';
import { JsonBody } from './json-body.js';
import { KnownCallers } from './known-callers.js';
import { SESSION } from './openapi/answer-schemas.js';
import { Serves } from './serves.js';
import { cookieOf, noCookie } from './session-cookie.js';

/** Sessions: begun with a key pair, ended by their client. */
@Controller()
export class SessionController {
  constructor(
    private readonly callers: KnownCallers,
    private readonly authenticator: Authenticator,
  ) {}

  @Serves('login', { answers: SESSION, refuses: ['authentication_failed', 'sign_in_delayed'] })
  @HttpCode(200)
  async login(
    @JsonBody(LoginInformation) body: LoginInformation,
    @Req() request: EdgeRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const pair = { accessKeyId: body.access_key_id, secretAccessKey: body.secret_access_key };
    const user = await this.callers.signIn(pair, clientOf(request));
    const session = await this.authenticator.startSession(user);
    void reply.header('set-cookie', cookieOf(session, request.protocol === 'https'));
    void reply.header('cache-control', 'no-store');
    return { token: session.token, token_expiration: Math.floor(session.expiresAtMs / 1000) };
  }

  /** The token itself stays good until it runs out: nobody keeps a list of them. */
  @Get('logout')
  logout(@Req() request: EdgeRequest, @Res() reply: FastifyReply): void {
    void reply
      .status(307)
      .header('set-cookie', noCookie(request.protocol === 'https'))
      .header('cache-control', 'no-store')
      .header('location', '/auth/login')
      .send();
  }
}
