import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '@countersign/host';
import { authenticate, VERIFIER, type CallerIdentity, type Verifier } from '@countersign/identity';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { Accepting } from '../accepting.js';
import { WORKFLOWS, type Workflows } from '../catalog.controller.js';
import { originOf } from '../session/origin.js';
import { Status } from '../status-reader.js';
import { mcpServer } from './mcp-server.js';
import { newSessionId, sessionOf } from './session-id.js';

export const MCP_SETTINGS = Symbol('mcp-settings');
export interface McpSettings {
  issuer: string;
  publicUrl: string | undefined;
  /** Of session ids. */
  key: Buffer;
}

const METADATA = '/.well-known/oauth-protected-resource';
const SESSION = 'mcp-session-id';

/** Who gives tokens for /mcp (RFC 9728), for anyone. */
@Controller()
export class McpMetadataController {
  constructor(@Inject(MCP_SETTINGS) private readonly settings: McpSettings) {}

  @Get([METADATA.slice(1), `${METADATA.slice(1)}/mcp`])
  metadata(@Req() { headers }: FastifyRequest) {
    return {
      resource: `${addressOf(this.settings, headers)}/mcp`,
      resource_name: 'Countersign',
      authorization_servers: [this.settings.issuer],
      bearer_methods_supported: ['header'],
    };
  }
}

/** The tools of a workflow for any agent that speaks the Model Context Protocol. Each request stands alone. */
@Controller('mcp')
export class McpController {
  constructor(
    @Inject(MCP_SETTINGS) private readonly settings: McpSettings,
    @Inject(VERIFIER) private readonly verifier: Verifier,
    @Inject(WORKFLOWS) private readonly workflows: Workflows,
    @Inject(Accepting) private readonly accepting: Accepting,
    @Inject(Status) private readonly status: Status,
  ) {}

  @Get()
  listen(@Req() request: FastifyRequest): Promise<never> {
    return this.nothing(request);
  }

  @Delete()
  end(@Req() request: FastifyRequest): Promise<never> {
    return this.nothing(request);
  }

  private async nothing(request: FastifyRequest): Promise<never> {
    await this.callerOf(request);
    const detail = 'nothing is sent unasked here, and a session needs no end';
    throw new HttpProblem('INVALID_ARGUMENTS', detail, { status: 405, nextStep: 'Use POST.' }, { allow: 'POST' });
  }

  @Post()
  async post(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.callerOf(request);
    const loaded = this.workflowOf(request);
    const session = this.sessionFor(request, reply, caller, loaded.workflow.name);
    const server = mcpServer({ caller, session, loaded, accepting: this.accepting, status: this.status });
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    reply.raw.once('close', () => void server.close());
    await server.connect(transport);
    const asked = new Request(`http://mcp${request.url}`, { method: 'POST', headers: headersOf(request) });
    await reply.send(await transport.handleRequest(asked, { parsedBody: request.body }));
  }

  /** A page that made a browser call here has another origin, or calls this machine by another name. */
  private async callerOf({ headers }: FastifyRequest): Promise<CallerIdentity> {
    const origin = addressOf(this.settings, headers);
    if (headers.origin !== undefined && headers.origin !== origin)
      throw new HttpProblem('PERMISSION_DENIED', 'another site asks for it', {
        nextStep: 'Call it from a program, or from a page of this origin.',
      });
    const found = await authenticate(this.verifier, headers.authorization, Date.now());
    if ('caller' in found) return found.caller;
    const { code, detail, ...more } = found.problem;
    const challenge = `Bearer resource_metadata="${origin}${METADATA}"`;
    throw new HttpProblem(code, detail, more, more.status === 401 ? { 'www-authenticate': challenge } : {});
  }

  private workflowOf({ query }: FastifyRequest): LoadedWorkflow {
    const { workflow: asked } = query as { workflow?: unknown };
    const names = [...this.workflows.keys()];
    const name = asked ?? (names.length === 1 ? names[0] : undefined);
    const loaded = typeof name === 'string' ? this.workflows.get(name) : undefined;
    if (loaded) return loaded;
    const detail = asked === undefined ? 'there is not just one workflow' : 'there is no such workflow';
    throw new HttpProblem('UNKNOWN_WORKFLOW', detail, {
      nextStep: `Say /mcp?workflow=NAME, one of: ${names.join(', ')}.`,
    });
  }

  private sessionFor(
    { headers, body }: FastifyRequest,
    reply: FastifyReply,
    { person }: CallerIdentity,
    workflow: string,
  ): string {
    const bound = { person, workflow };
    const isNew = isInitializeRequest(body);
    const id = isNew ? newSessionId(this.settings.key, bound) : headers[SESSION];
    if (typeof id !== 'string')
      throw new HttpProblem('INVALID_ARGUMENTS', `the header ${SESSION} is missing`, {
        status: 400,
        nextStep: 'Begin with initialize, and send the session id of its answer.',
      });
    const session = sessionOf(this.settings.key, id, bound);
    if (!session)
      throw new HttpProblem('NOT_FOUND', 'there is no such session', { nextStep: 'Begin again with initialize.' });
    if (isNew) reply.header(SESSION, id);
    return session;
  }
}

function addressOf({ publicUrl }: McpSettings, headers: FastifyRequest['headers']): string {
  const origin = originOf(publicUrl, headers);
  if (origin) return origin;
  throw new HttpProblem('PERMISSION_DENIED', 'this gateway is not known by that name', {
    nextStep: 'Set PUBLIC_URL to the address that callers use.',
  });
}

const BOTH = 'application/json, text/event-stream';

/** Who takes anything takes both of the protocol's types. */
function headersOf({ headers }: FastifyRequest): [string, string][] {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as [string, string]] : [],
  );
  return given.map(([name, value]) => [name, name === 'accept' && value === '*/*' ? BOTH : value]);
}
