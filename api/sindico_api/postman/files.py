"""Files on the customer's own server, as its IT tries them: test, save, send, fetch, remove.

Every request says what it expects. The first test of an SFTP server shows its key; the request
takes it over as a person would who has compared it, and is sent once more.
"""

from typing import Any

from sindico_api.postman.requests import address, event, json_body, make_token

FOLDER = "Arquivos e documentos"
BOUNDARY = "sindico-documento"
CONTENT = "Documento de exemplo."
TEST_FILE_BODY = """{
  "connection": "{{ftp_connection}}",
  "host": "{{ftp_host}}",
  "port": {{ftp_port}},
  "folder": "{{ftp_folder}}",
  "username": "{{ftp_username}}",
  "password": "{{ftp_password}}",
  "host_key": {{ftp_host_key}},
  "ca_certificate": {{ftp_ca_json}}
}"""

DEFAULTS_PREREQUEST = """
const usual = {ftp_connection: 'sftp', ftp_folder: '', ftp_host_key: 'null'};
Object.keys(usual).forEach(name => {
  if (!pm.environment.get(name)) { pm.environment.set(name, usual[name]); }
});
// PEM has line ends, which JSON has to escape; only FTPS has a certificate.
const isFtps = pm.environment.get('ftp_connection') === 'ftps';
const pem = isFtps ? (pm.environment.get('ftp_ca_certificate') || '').trim() : '';
pm.environment.set('ftp_ca_json', JSON.stringify(pem || null));
if (!pm.environment.get('ftp_port')) {
  pm.environment.set('ftp_port', pm.environment.get('ftp_connection') === 'sftp' ? '22' : '21');
}
"""

REPORT_TEST = """
pm.test('report received', () => pm.response.to.have.status(200));
const report = pm.response.json();
const unknown = report.stages.find(stage => stage.code === 'host-key-unconfirmed');
if (unknown && pm.environment.get('ftp_host_key') === 'null') {
  pm.environment.set('ftp_host_key', JSON.stringify(unknown.evidence));
  pm.execution.setNextRequest(pm.info.requestName);
} else {
  pm.test('every stage says how it went', () => report.stages.forEach(stage =>
    pm.expect(stage.status).to.be.oneOf(['succeeded', 'failed', 'skipped'])));
  const failed = report.stages.find(stage => stage.status === 'failed');
  pm.test('test succeeded' + (failed ? ': ' + failed.detail + ' ' + failed.advice : ''),
    () => pm.expect(report.succeeded).to.be.true);
  pm.test('what was written came back the same', () => pm.expect(
    report.stages.find(stage => stage.stage === 'compare').status).to.equal('succeeded'));
}
"""

SAVED_TEST = """
pm.test('server saved, or there already', () => {
  pm.expect(pm.response.code).to.be.oneOf([201, 409]);
});
pm.test('no secret comes back', () => {
  pm.expect(pm.response.text()).to.not.include(pm.environment.get('ftp_password'));
});
if (pm.response.code === 201) { pm.environment.set('ftp_settings_id', pm.response.json().id); }
"""

LISTED_TEST = """
pm.test('servers listed', () => pm.response.to.have.status(200));
const own = pm.response.json().items.find(item => item.level === 'tenant');
pm.test('the tenant has one', () => pm.expect(own).to.be.an('object'));
if (own) { pm.environment.set('ftp_settings_id', own.id); }
"""

SAVED_REPORT_TEST = """
pm.test('report received', () => pm.response.to.have.status(200));
pm.test('test succeeded', () => pm.expect(pm.response.json().succeeded).to.be.true);
"""

GONE_TEST = """
pm.test('removed', () => pm.response.to.have.status(204));
"""

LINK_TEST = """
pm.test('link attached', () => pm.response.to.have.status(201));
pm.test('a link needs no server', () => pm.expect(pm.response.json().state).to.equal('stored'));
"""

SENT_TEST = """
pm.test('file accepted', () => pm.response.to.have.status(202));
const sent = pm.response.json();
pm.test('its place is told', () => {
  pm.expect(pm.response.headers.get('Location')).to.include(sent.id);
});
pm.environment.set('document_id', sent.id);
pm.environment.set('polls_left', '60');
"""

STORED_TEST = """
pm.test('document readable', () => pm.response.to.have.status(200));
const document = pm.response.json();
const left = Number(pm.environment.get('polls_left')) - 1;
pm.environment.set('polls_left', String(left));
if (document.state === 'waiting' && document.transfer_method === 'application' && left > 0) {
  pm.execution.setNextRequest(pm.info.requestName);
  setTimeout(() => {}, 1000);
} else {
  pm.test('stored on the server (Guardado)', () => {
    pm.expect(document.state, JSON.stringify(document.reason)).to.equal('stored');
  });
}
"""

CONTENT_TEST = """
pm.test('file given back', () => pm.response.to.have.status(200));
pm.test('every byte is the same', () => pm.expect(pm.response.text()).to.equal('CONTENT'));
""".replace("CONTENT", CONTENT)


def files_folder() -> dict[str, Any]:
    """The folder *Arquivos e documentos*: its requests run in order, also twice."""
    settings, one = "/api/v1/ftp-settings", "/api/v1/ftp-settings/{{ftp_settings_id}}"
    documents, document = "/api/v1/documents", "/api/v1/documents/{{document_id}}"
    typed = json_body(TEST_FILE_BODY)
    test = _request("Testar servidor de arquivos", "POST", f"{settings}/test", REPORT_TEST, typed)
    test["event"].insert(0, event("prerequest", DEFAULTS_PREREQUEST))
    return {
        "name": FOLDER,
        "description": (
            "1. Preencha no ambiente `username`, `password` e os dados do servidor: `ftp_host`, "
            "`ftp_port`, `ftp_connection` (sftp, ftps ou ftp), `ftp_folder`, `ftp_username` e "
            "`ftp_password`. Se o certificado do servidor FTPS não for de uma autoridade pública, "
            "cole em `ftp_ca_certificate` o certificado em que confiar, em PEM.\n"
            "2. Execute a pasta: o servidor é testado e cadastrado, um link e um arquivo são "
            "anexados, o arquivo volta e é removido, e por fim o arquivo de teste."
        ),
        "item": [
            make_token("Gerar token para arquivos"),
            test,
            _request("Cadastrar servidor de arquivos", "POST", settings, SAVED_TEST, typed),
            _request("Consultar servidores de arquivos", "GET", settings, LISTED_TEST),
            _request("Testar servidor cadastrado", "POST", f"{one}/test", SAVED_REPORT_TEST),
            _request("Anexar link externo", "POST", f"{documents}/links", LINK_TEST, _link()),
            _upload(documents),
            _request("Acompanhar documento", "GET", document, STORED_TEST),
            _request("Baixar documento", "GET", f"{document}/content", CONTENT_TEST),
            _request("Excluir documento", "DELETE", document, GONE_TEST),
            _request("Remover arquivo de teste", "DELETE", f"{one}/test-file", GONE_TEST),
        ],
    }


def _request(
    name: str, method: str, path: str, test: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "header": [], "url": address(path)}
    if body is not None:
        request["header"].append({"key": "Content-Type", "value": "application/json"})
        request["body"] = body
    return {"name": name, "event": [event("test", test)], "request": request}


def _link() -> dict[str, Any]:
    return json_body('{"name": "Catálogo", "url": "https://arquivos.empresa.com.br/catalogo.pdf"}')


def _upload(path: str) -> dict[str, Any]:
    """A form written by hand: a collection cannot bring a file of its own."""
    lines = (
        f"--{BOUNDARY}",
        'Content-Disposition: form-data; name="file"; filename="exemplo.txt"',
        "Content-Type: text/plain",
        "",
        CONTENT,
        f"--{BOUNDARY}--",
        "",
    )
    made = _request("Enviar documento", "POST", path, SENT_TEST)
    made["request"]["header"] = [
        {"key": "Content-Type", "value": f"multipart/form-data; boundary={BOUNDARY}"},
        {"key": "Idempotency-Key", "value": "{{$guid}}"},
    ]
    made["request"]["body"] = {"mode": "raw", "raw": "\r\n".join(lines)}
    return made
