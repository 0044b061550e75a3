/** What every error of the API is (RFC 9457). */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  nextStep: string;
}

export const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'code' in error && 'nextStep' in error;
