"""What is particular to each database: how its driver connects, what its errors mean."""

from sindico_provisioning.connectors.view.drivers import mysql, oracle, postgresql, sqlserver
from sindico_provisioning.connectors.view.drivers.schemas import Driver
from sindico_provisioning.connectors.view.schemas import Dialect

DRIVERS: dict[Dialect, Driver] = {
    Dialect.POSTGRESQL: postgresql.DRIVER,
    Dialect.SQLSERVER: sqlserver.DRIVER,
    Dialect.ORACLE: oracle.DRIVER,
    Dialect.MYSQL: mysql.DRIVER,
}
