import { Link, Route, Switch } from 'wouter';
import type { Drive } from './drive';
import { FilePage } from './file-page';
import { FilesPage } from './files-page';

export function App({ drive }: { drive: Drive }) {
  return (
    <>
      <header>
        <Link href="/">cipherbox</Link>
      </header>
      <main>
        <Switch>
          <Route path="/">
            <FilesPage drive={drive} />
          </Route>
          <Route path="/files/:id">{({ id }) => <FilePage key={id} drive={drive} id={id} />}</Route>
          <Route>There is no such page.</Route>
        </Switch>
      </main>
    </>
  );
}
