"""The initial load as a person runs it: make a token, start the load, follow it to its end.

Postman's traps that shape the scripts: a `setNextRequest` to a name that does not exist ends the
run silently with success, and nothing stops a request that loops to itself. So the loop goes by
`pm.info.requestName`, counts down, and fails a test when the count is used up.
"""

from typing import Any

from sindico_api.postman.requests import address, event, json_body, make_token

# The integration is looked up here, so that this request also works when it is sent by itself. One
# that asks its ERP always has something to load; one whose ERP sends may have nothing new.
LOAD_PREREQUEST = """
pm.environment.set('polls_left', '%(most_polls)d');
if (!pm.environment.get('integration_id')) {
  pm.sendRequest({
    url: pm.environment.get('base_url') + '/api/v1/integrations',
    header: {Authorization: 'Bearer ' + pm.environment.get('access_token')}
  }, (error, response) => {
    if (error || response.code !== 200) {
      throw new Error('The integrations cannot be listed. Run "Gerar token" first.');
    }
    const found = response.json().items.find(item => item.kind !== 'api')
      || response.json().items[0];
    if (!found) { throw new Error('This tenant has no integration.'); }
    pm.environment.set('integration_id', found.id);
  });
}
"""

LOAD_TEST = """
pm.test('load accepted', () => pm.response.to.have.status(202));
if (pm.response.code === 202) {
  pm.environment.set('load_id', pm.response.json().id);
} else {
  console.error(pm.response.json().detail);
  pm.execution.setNextRequest(null);
}
"""

FOLLOW_TEST = """
pm.test('load readable', () => pm.response.to.have.status(200));
const load = pm.response.json();
const left = Number(pm.environment.get('polls_left') || '%(most_polls)d') - 1;
pm.environment.set('polls_left', String(left));
const open = load.status === 'pending' || load.status === 'running';
if (open && left > 0) {
  pm.execution.setNextRequest(pm.info.requestName);
  setTimeout(() => {}, %(poll_every_ms)d);
} else {
  pm.execution.setNextRequest(null);
  pm.test('load ended before the polls were used up', () => pm.expect(open).to.be.false);
  pm.test('load succeeded (Concluída)', () => {
    pm.expect(load.status, JSON.stringify(load.error)).to.equal('succeeded');
  });
  (load.phases || []).forEach(phase => pm.test(
    phase.table + ': received = created + updated + unchanged + rejected',
    () => pm.expect(phase.received).to.equal(
      phase.created + phase.updated + phase.unchanged + phase.rejected)
  ));
}
"""


def scenario_folder() -> dict[str, Any]:
    """The folder *Carga inicial*: three requests, in the order they run."""
    return {
        "name": "Carga inicial",
        "description": (
            "1. Preencha `username` (usuario@dominio) e `password` no ambiente.\n"
            "2. Execute *Gerar token*.\n"
            "3. Execute *Executar carga inicial*; *Acompanhar carga* repete até o fim."
        ),
        "item": [make_token("Gerar token"), _start_load(), _follow_load()],
    }


def _start_load() -> dict[str, Any]:
    return {
        "name": "Executar carga inicial",
        "event": [event("prerequest", LOAD_PREREQUEST), event("test", LOAD_TEST)],
        "request": {
            "method": "POST",
            "header": [
                {"key": "Content-Type", "value": "application/json"},
                {"key": "Idempotency-Key", "value": "{{$guid}}"},
            ],
            "url": address("/api/v1/initial-loads"),
            "body": json_body('{"integration_id": "{{integration_id}}"}'),
        },
    }


def _follow_load() -> dict[str, Any]:
    return {
        "name": "Acompanhar carga",
        "event": [event("test", FOLLOW_TEST)],
        "request": {
            "method": "GET",
            "header": [],
            "url": address("/api/v1/loads/{{load_id}}"),
        },
    }
