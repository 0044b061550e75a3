import { QueryClient } from '@tanstack/react-query';
import { isProblem } from '../api/problem.js';

/** What the API refused it will refuse again; what did not answer may answer yet. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && !(isProblem(error) && error.status < 500),
    },
    mutations: { retry: false },
  },
});
