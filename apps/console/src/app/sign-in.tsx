import { Alert, Button, Center, Stack, Text, Title } from '@mantine/core';
import { signInFailed } from './sign-in-failed.js';

/** Nobody is signed in: the identity provider says who it is, and the way leads back here. */
export function SignIn() {
  const failed = signInFailed(window.location.search);
  const back = failed ? '/' : `${window.location.pathname}${window.location.search}`;
  return (
    <Center component="main" h="100vh" p="md">
      <Stack align="center" gap="sm">
        <Title order={1}>Countersign</Title>
        <Text c="dimmed">What a model proposes, countersigned.</Text>
        {failed && (
          <Alert role="alert" color="red" title="You are not signed in" maw={440}>
            {failed}
          </Alert>
        )}
        <Button component="a" href={`/auth/login?returnTo=${encodeURIComponent(back)}`}>
          Sign in
        </Button>
      </Stack>
    </Center>
  );
}
