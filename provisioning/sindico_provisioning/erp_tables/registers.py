"""Who the customer is and whom it deals with.

Own companies and branches, sellers, suppliers, client companies with their brands, individuals.
"""

from typing import Annotated

from sindico_provisioning.erp_tables.fields import (
    Cnpj,
    CnpjOrCpf,
    Code,
    Cpf,
    Day,
    Email,
    Flag,
    Key,
    Money,
    Name,
    Percentage,
    Phone,
    Short,
    about,
)
from sindico_provisioning.erp_tables.rows import (
    Address,
    CodEmpresa,
    CodFilial,
    ErpRow,
    OwnedRow,
)


class EmpresaPropria(Address, kw_only=True):
    cnpj: Annotated[
        Cnpj | None, about("CNPJ", "CNPJ da empresa, numérico ou alfanumérico.", "12ABC34501DE35")
    ] = None
    razao_social: Annotated[
        Name, about("Razão social", "Razão social.", "Metalúrgica Itajaí Ltda.")
    ]
    nome_fantasia: Annotated[
        Name | None, about("Nome fantasia", "Nome fantasia.", "Metal Itajaí")
    ] = None
    inscricao_estadual: Annotated[
        Short | None,
        about("Inscrição estadual", "Inscrição estadual, ou ISENTO.", "254839170"),
    ] = None
    ativo: Annotated[Flag, about("Ativo", "Se a empresa está em atividade.", True)] = True


class Filial(Address, kw_only=True):
    cod_empresa: CodEmpresa = None
    cnpj: Annotated[
        Cnpj | None, about("CNPJ", "CNPJ da filial, numérico ou alfanumérico.", "12ABC345000269")
    ] = None
    razao_social: Annotated[
        Name, about("Razão social", "Razão social da filial.", "Metalúrgica Itajaí Ltda.")
    ]
    nome_fantasia: Annotated[
        Name | None, about("Nome fantasia", "Nome fantasia da filial.", "Metal Itajaí Joinville")
    ] = None
    inscricao_estadual: Annotated[
        Short | None,
        about("Inscrição estadual", "Inscrição estadual, ou ISENTO.", "254839170"),
    ] = None
    matriz: Annotated[Flag, about("Matriz", "Se é a matriz da empresa.", False)] = False
    ativo: Annotated[Flag, about("Ativo", "Se a filial está em atividade.", True)] = True


class Vendedor(ErpRow, kw_only=True):
    nome: Annotated[
        Name, about("Nome", "Nome do vendedor.", "Vendedor da região Sul", personal=True)
    ]
    email: Annotated[
        Email | None,
        about("E-mail", "E-mail do vendedor.", "vendas.sul@exemplo.com.br", personal=True),
    ] = None
    telefone: Annotated[
        Phone | None, about("Telefone", "Telefone com DDD.", "47 991234567", personal=True)
    ] = None
    comissao: Annotated[Percentage | None, about("Comissão", "Percentual de comissão.", 2.5)] = None
    ativo: Annotated[Flag, about("Ativo", "Se o vendedor está em atividade.", True)] = True


class Fornecedor(ErpRow, kw_only=True):
    cnpj_cpf: Annotated[
        CnpjOrCpf | None,
        about("CNPJ ou CPF", "CNPJ ou CPF do fornecedor.", "11222333000181", personal=True),
    ] = None
    razao_social: Annotated[
        Name, about("Razão social", "Razão social ou nome.", "Distribuidora de Aços Vale S.A.")
    ]
    nome_fantasia: Annotated[Name | None, about("Nome fantasia", "Nome fantasia.", "Aços Vale")] = (
        None
    )
    email: Annotated[
        Email | None,
        about("E-mail", "E-mail principal.", "vendas@exemplo.com.br", personal=True),
    ] = None
    telefone: Annotated[
        Phone | None, about("Telefone", "Telefone com DDD.", "47 33271234", personal=True)
    ] = None
    ativo: Annotated[Flag, about("Ativo", "Se o fornecedor está em atividade.", True)] = True


class Empresa(Address, kw_only=True):
    cod_empresa: CodEmpresa = None
    cod_filial: CodFilial = None
    cnpj: Annotated[
        Cnpj | None, about("CNPJ", "CNPJ do cliente, numérico ou alfanumérico.", "12ABC34501DE35")
    ] = None
    razao_social: Annotated[
        Name, about("Razão social", "Razão social do cliente.", "Mercado Bela Vista Ltda.")
    ]
    nome_fantasia: Annotated[
        Name | None, about("Nome fantasia", "Nome fantasia.", "Mercado Bela Vista")
    ] = None
    inscricao_estadual: Annotated[
        Short | None,
        about("Inscrição estadual", "Inscrição estadual, ou ISENTO.", "ISENTO"),
    ] = None
    vendedor_id: Annotated[
        Key | None,
        about("Vendedor", "Vendedor que atende o cliente.", "12", references="vendedor"),
    ] = None
    carteira: Annotated[Short | None, about("Carteira", "Carteira no ERP.", "Sul")] = None
    categoria: Annotated[
        Short | None, about("Categoria", "Categoria do cliente no ERP.", "Varejo")
    ] = None
    curva_abc: Annotated[Short | None, about("Curva ABC", "Classe da curva ABC no ERP.", "A")] = (
        None
    )
    ativo: Annotated[Flag, about("Ativo", "Se o cliente está ativo no ERP.", True)] = True


class EmpresaMarca(ErpRow, kw_only=True):
    empresa_id: Annotated[
        Key, about("Empresa", "Cliente pessoa jurídica.", "1-6924", references="empresa")
    ]
    marca: Annotated[Code, about("Marca", "Marca comercializada.", "Aurora")]
    situacao_comercial: Annotated[
        Short | None,
        about("Situação comercial", "Situação do cliente com a marca.", "Ativo"),
    ] = None
    ultima_compra: Annotated[
        Day | None,
        about("Última compra", "Data da última compra da marca.", "2026-10-02"),
    ] = None
    valor_12_meses: Annotated[
        Money | None,
        about("Valor em 12 meses", "Total comprado nos últimos 12 meses, em reais.", 18250.9),
    ] = None


class Contato(OwnedRow, kw_only=True):
    cpf: Annotated[
        Cpf | None, about("CPF", "CPF com 11 dígitos.", "52998224725", personal=True)
    ] = None
    nome: Annotated[Name, about("Nome", "Nome da pessoa.", "Contato de compras", personal=True)]
    email: Annotated[
        Email | None, about("E-mail", "E-mail.", "contato@exemplo.com.br", personal=True)
    ] = None
    telefone: Annotated[
        Phone | None, about("Telefone", "Telefone fixo com DDD.", "47 33261234", personal=True)
    ] = None
    celular: Annotated[
        Phone | None, about("Celular", "Celular com DDD.", "47 991234567", personal=True)
    ] = None
    cargo: Annotated[Short | None, about("Cargo", "Cargo na empresa.", "Comprador")] = None
    empresa_id: Annotated[
        Key | None,
        about("Empresa", "Empresa em que a pessoa trabalha.", "1-6924", references="empresa"),
    ] = None
    data_nascimento: Annotated[
        Day | None,
        about("Data de nascimento", "Data de nascimento.", "1988-03-14", personal=True),
    ] = None
    ativo: Annotated[Flag, about("Ativo", "Se o contato está ativo no ERP.", True)] = True
