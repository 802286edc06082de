"""Real municipalities with their codes, and what made-up companies and products are called."""

from typing import NamedTuple


class Place(NamedTuple):
    """One municipality."""

    name: str
    uf: str
    ibge_code: str
    area_code: str
    cep_prefix: str


PLACES = (
    Place("São Paulo", "SP", "3550308", "11", "04"),
    Place("Guarulhos", "SP", "3518800", "11", "07"),
    Place("Osasco", "SP", "3534401", "11", "06"),
    Place("Santo André", "SP", "3547809", "11", "09"),
    Place("Campinas", "SP", "3509502", "19", "13"),
    Place("Santos", "SP", "3548500", "13", "11"),
    Place("Sorocaba", "SP", "3552205", "15", "18"),
    Place("Ribeirão Preto", "SP", "3543402", "16", "14"),
    Place("São José dos Campos", "SP", "3549904", "12", "12"),
    Place("Rio de Janeiro", "RJ", "3304557", "21", "20"),
    Place("Niterói", "RJ", "3303302", "21", "24"),
    Place("Belo Horizonte", "MG", "3106200", "31", "30"),
    Place("Contagem", "MG", "3118601", "31", "32"),
    Place("Juiz de Fora", "MG", "3136702", "32", "36"),
    Place("Uberlândia", "MG", "3170206", "34", "38"),
    Place("Vitória", "ES", "3205309", "27", "29"),
    Place("Curitiba", "PR", "4106902", "41", "80"),
    Place("Londrina", "PR", "4113700", "43", "86"),
    Place("Maringá", "PR", "4115200", "44", "87"),
    Place("Florianópolis", "SC", "4205407", "48", "88"),
    Place("Blumenau", "SC", "4202404", "47", "89"),
    Place("Joinville", "SC", "4209102", "47", "89"),
    Place("Porto Alegre", "RS", "4314902", "51", "90"),
    Place("Caxias do Sul", "RS", "4305108", "54", "95"),
    Place("Salvador", "BA", "2927408", "71", "40"),
    Place("Recife", "PE", "2611606", "81", "50"),
    Place("Fortaleza", "CE", "2304400", "85", "60"),
    Place("Brasília", "DF", "5300108", "61", "70"),
    Place("Goiânia", "GO", "5208707", "62", "74"),
    Place("Cuiabá", "MT", "5103403", "65", "78"),
    Place("Campo Grande", "MS", "5002704", "67", "79"),
    Place("Belém", "PA", "1501402", "91", "66"),
    Place("Manaus", "AM", "1302603", "92", "69"),
)

TRADES = (
    ("Mercado", "Varejo"),
    ("Supermercados", "Varejo"),
    ("Distribuidora", "Atacado"),
    ("Comercial", "Atacado"),
    ("Atacadista", "Atacado"),
    ("Materiais de Construção", "Varejo"),
    ("Construtora", "Construção"),
    ("Engenharia", "Construção"),
    ("Metalúrgica", "Indústria"),
    ("Indústria de Plásticos", "Indústria"),
    ("Móveis", "Indústria"),
    ("Confecções", "Indústria"),
    ("Auto Peças", "Varejo"),
    ("Transportes", "Serviços"),
    ("Manutenção Industrial", "Serviços"),
    ("Hotelaria", "Serviços"),
    ("Agropecuária", "Agro"),
    ("Cooperativa Agrícola", "Agro"),
    ("Papelaria", "Varejo"),
    ("Clínica", "Serviços"),
)
"""What a company does, and the category a customer would be filed under."""

STREET_KINDS = ("Rua", "Rua", "Rua", "Rua", "Avenida", "Avenida", "Rodovia", "Alameda", "Travessa")
LEGAL_FORMS = ("Ltda.", "Ltda.", "Ltda.", "Ltda.", "S.A.", "ME", "EPP")
PORTFOLIOS = ("Norte", "Nordeste", "Centro-Oeste", "Sudeste", "Sul")
POSITIONS = (
    "Comprador",
    "Gerente de compras",
    "Diretora financeira",
    "Analista fiscal",
    "Sócio",
    "Coordenadora de suprimentos",
    "Almoxarife",
    "Assistente administrativo",
)
BRANDS = ("Aurento", "Borealis", "Corvina", "Durança", "Esteio", "Fundace", "Gaivota", "Horizonte")
PAYMENT_TERMS = ("À vista", "14 dias", "28 dias", "28/35 dias", "28/35/42 dias", "30/60/90 dias")

PRODUCTS = (
    ("Parafuso sextavado zincado", "CX", "73181500", 38.9),
    ("Porca autotravante", "CX", "73181600", 22.4),
    ("Chapa de aço galvanizado", "UN", "72104910", 312.0),
    ("Tubo de PVC soldável", "BR", "39172300", 27.8),
    ("Cabo flexível 750 V", "RL", "85444900", 189.9),
    ("Disjuntor bipolar", "UN", "85362000", 54.3),
    ("Tinta acrílica premium", "LT", "32091010", 412.5),
    ("Rolamento rígido de esferas", "UN", "84821010", 48.75),
    ("Correia industrial", "UN", "40103900", 66.2),
    ("Luva de proteção nitrílica", "PR", "40151900", 9.6),
    ("Capacete de segurança", "UN", "65061000", 31.4),
    ("Lona reforçada", "M2", "63061200", 12.35),
    ("Motor elétrico trifásico", "UN", "85015220", 1890.0),
    ("Bomba centrífuga", "UN", "84137080", 1320.0),
    ("Óleo lubrificante mineral", "BD", "27101932", 358.0),
    ("Filtro de ar", "UN", "84213920", 72.9),
    ("Bateria estacionária", "UN", "85072010", 640.0),
    ("Papel sulfite A4", "CX", "48025610", 224.0),
    ("Etiqueta térmica", "RL", "48211000", 18.2),
    ("Embalagem de papelão ondulado", "UN", "48191000", 4.15),
)
"""Name, unit, NCM and usual price in reais."""

VARIANTS = ("", " 6 mm", " 8 mm", " 10 mm", " 12 mm", " tipo A", " tipo B", " linha pesada")
