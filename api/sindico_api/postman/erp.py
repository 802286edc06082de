"""An ERP that pushes its rows, and a schedule for one that is read: sent, repeated, refused.

The folder leaves nothing behind: the row it sends is removed, the schedule is put back as it was.
"""

from typing import Any

from sindico_api.postman.requests import address, event, json_body, make_token

FOLDER = "Envio do ERP e agenda"
TABLE = "/api/v1/erp/vendedor"
PUSHED = """{"id_erp": "{{erp_row}}", "nome": "Vendedor do Postman"}
{"id_erp": "{{erp_row}}-errado"}
"""

KEY_PREREQUEST = """
pm.environment.set('erp_key', pm.variables.replaceIn('{{$guid}}'));
pm.environment.set('erp_row', 'postman-' + pm.variables.replaceIn('{{$randomInt}}'));
"""

INFO_TEST = """
pm.test('table described', () => pm.response.to.have.status(200));
const info = pm.response.json();
pm.test('rows are keyed by id_erp', () => pm.expect(info.key).to.equal('id_erp'));
pm.test('the name is required', () => pm.expect(
  info.fields.find(field => field.name === 'nome').required).to.be.true);
"""

PUSHED_TEST = """
pm.test('one row landed, one did not', () => pm.response.to.have.status(207));
const pushed = pm.response.json();
pm.test('every row is counted', () => pm.expect(pushed.received).to.equal(
  pushed.created + pushed.updated + pushed.unchanged + pushed.rejected));
pm.test('the good row landed', () => pm.expect(pushed.created).to.equal(1));
pm.test('the other one tells index, key and reason', () => {
  const [rejection] = pushed.rejections;
  pm.expect(rejection.index).to.equal(1);
  pm.expect(rejection.key).to.equal(pm.environment.get('erp_row') + '-errado');
  pm.expect(rejection.errors.map(error => error.field)).to.eql(['nome']);
});
"""

REPEATED_TEST = """
pm.test('the same answer', () => pm.response.to.have.status(207));
pm.test('it was not carried out again', () => {
  pm.expect(pm.response.headers.get('Idempotency-Replayed')).to.equal('true');
  pm.expect(pm.response.json().created).to.equal(1);
});
"""

ATOMIC_TEST = """
pm.test('all or nothing: refused', () => pm.response.to.have.status(422));
pm.test('with the same list', () => {
  pm.expect(pm.response.json().code).to.equal('push-refused');
  pm.expect(pm.response.json().rejections.map(each => each.index)).to.eql([1]);
});
"""

READ_TEST = """
pm.test('rows read back', () => pm.response.to.have.status(200));
pm.test('the row is there, once', () => pm.expect(
  pm.response.json().items.map(item => item.id_erp)).to.eql([pm.environment.get('erp_row')]));
"""

REMOVED_TEST = """
pm.test('row removed', () => pm.response.to.have.status(200));
pm.test('one was there, one never', () => {
  pm.expect(pm.response.json().removed).to.equal(1);
  pm.expect(pm.response.json().missing).to.eql([pm.environment.get('erp_row') + '-errado']);
});
"""

INTEGRATIONS_TEST = """
pm.test('integrations listed', () => pm.response.to.have.status(200));
const items = pm.response.json().items;
pm.test('there is one', () => pm.expect(items).to.not.be.empty);
const found = items.find(item => item.kind === 'mega') || items[0];
pm.environment.set('integration_id', found.id);
"""

SCHEDULE_TEST = """
pm.test('schedule readable', () => pm.response.to.have.status(200));
const {kind, times, interval_minutes} = pm.response.json();
pm.environment.set('erp_schedule', JSON.stringify({kind, times, interval_minutes}));
"""

DAILY_TEST = """
pm.test('schedule saved', () => pm.response.to.have.status(200));
const schedule = pm.response.json();
pm.test('daily, at these times', () => pm.expect(schedule.times).to.eql(['00:00', '12:30']));
pm.test('the next run is ahead', () => pm.expect(
  schedule.is_paused || new Date(schedule.next_run_at) > new Date()).to.be.true);
"""

RUNS_TEST = """
pm.test('runs of the schedule listed', () => pm.response.to.have.status(200));
pm.test('each tells what came of it', () => pm.response.json().items.forEach(run =>
  pm.expect(run.outcome).to.be.a('string')));
"""

RESTORED_TEST = """
pm.test('schedule as it was before', () => pm.response.to.have.status(200));
pm.test('of the same kind', () => pm.expect(pm.response.json().kind).to.equal(
  JSON.parse(pm.environment.get('erp_schedule')).kind));
"""


def erp_folder() -> dict[str, Any]:
    """The folder *Envio do ERP e agenda*: its requests run in order, also twice."""
    integration = "/api/v1/integrations/{{integration_id}}"
    schedule = f"{integration}/schedule"
    both = "id_erp={{erp_row}}&id_erp={{erp_row}}-errado"
    first = _push("Enviar linhas", TABLE, PUSHED_TEST)
    first["event"].insert(0, event("prerequest", KEY_PREREQUEST))
    atomic = _push("Enviar tudo ou nada", f"{TABLE}?atomic=true", ATOMIC_TEST, keyed=False)
    return {
        "name": FOLDER,
        "description": (
            "1. Preencha `username` e `password` no ambiente.\n"
            "2. Execute a pasta: uma linha é enviada, repetida com a mesma chave, consultada e "
            "excluída; a agenda da integração é trocada e devolvida como estava."
        ),
        "item": [
            make_token("Gerar token para o ERP"),
            _request("Descrever tabela", "GET", f"{TABLE}/info", INFO_TEST),
            first,
            _push("Repetir o envio", TABLE, REPEATED_TEST),
            atomic,
            _request("Consultar linhas", "GET", f"{TABLE}?id_erp={{{{erp_row}}}}", READ_TEST),
            _request("Excluir linhas", "DELETE", f"{TABLE}?{both}", REMOVED_TEST),
            _request("Consultar integrações", "GET", "/api/v1/integrations", INTEGRATIONS_TEST),
            _request("Consultar agenda", "GET", schedule, SCHEDULE_TEST),
            _request("Agendar", "PUT", schedule, DAILY_TEST, _daily()),
            _request("Consultar execuções", "GET", f"{integration}/scheduled-runs", RUNS_TEST),
            _request("Devolver agenda", "PUT", schedule, RESTORED_TEST, "{{erp_schedule}}"),
        ],
    }


def _daily() -> str:
    return '{"kind": "daily", "times": ["00:00", "12:30"]}'


def _request(
    name: str, method: str, path: str, test: str, body: str | None = None
) -> dict[str, Any]:
    bare, _, query = path.partition("?")
    url = address(bare)
    if query:
        pairs = [pair.partition("=") for pair in query.split("&")]
        url["raw"] += f"?{query}"
        url["query"] = [{"key": key, "value": value} for key, _, value in pairs]
    request: dict[str, Any] = {"method": method, "header": [], "url": url}
    if body is not None:
        request["header"].append({"key": "Content-Type", "value": "application/json"})
        request["body"] = json_body(body)
    return {"name": name, "event": [event("test", test)], "request": request}


def _push(name: str, path: str, test: str, *, keyed: bool = True) -> dict[str, Any]:
    """Rows one per line, as large pushes have them."""
    made = _request(name, "POST", path, test, PUSHED)
    made["request"]["header"] = [{"key": "Content-Type", "value": "application/x-ndjson"}]
    if keyed:
        made["request"]["header"].append({"key": "Idempotency-Key", "value": "{{erp_key}}"})
    return made
